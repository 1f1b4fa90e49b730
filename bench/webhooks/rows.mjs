import { median } from '../statistics.mjs';
import { number, ratio } from '../table.mjs';

export const HEADER = ['', 'Deskstream', 'bare', 'BullMQ', '÷ bare', '÷ BullMQ'];
const SIDES = 3;

/** Returns half of the median rate of each side. */
export function halfRatesOf(rounds) {
  return ofSides(rounds, (rate) => rate / 2);
}

/** @param rounds the rates of all sides, for each round: those of the header first */
export function rateRow(label, rounds) {
  const rates = ofSides(rounds, (rate) => rate)
    .slice(0, SIDES)
    .map((rate) => number(rate));
  const toPeer = (peer) => ratio(median(rounds.map((rates) => rates[0] / rates[peer])));
  return [`${label}: deliveries/s`, ...rates, toPeer(1), toPeer(2)];
}

/** @param rounds the rates with two workers as the last side */
export function twoWorkersRow(rounds) {
  const rate = median(rounds.map((rates) => rates.at(-1)));
  const toOne = median(rounds.map((rates) => rates.at(-1) / rates[0]));
  return oursAlone('— two workers: deliveries/s', `${number(rate)} (${ratio(toOne)} × one)`);
}

/** @param rounds the latencies of all sides, for each round */
export function latencyRow(rounds) {
  const p50s = ofSides(rounds, ({ p50 }) => p50);
  const p99s = ofSides(rounds, ({ p99 }) => p99);
  const cells = p50s.map((p50, side) => `${number(p50, 1)} / ${number(p99s[side], 1)}`);
  return ['— latency p50 / p99 at half that rate, ms', ...cells, '', ''];
}

/** @param flow rates and latencies of Deskstream only, see `measureFlow` */
export function flowRows({ rates, latencies }) {
  const [perSecond] = ofSides(rates, (rate) => rate);
  const [label, latency] = latencyRow(latencies);
  return [oursAlone('— events made and delivered at once: deliveries/s', number(perSecond)), oursAlone(label, latency)];
}

export function backlogRows(deliveries, { perSecond, warmedUp, highest }) {
  const memory = `${number(highest - warmedUp)} (${number(warmedUp)} → ${number(highest)})`;
  return [
    oursAlone(`— backlog of ${number(deliveries)}: deliveries/s`, number(perSecond)),
    oursAlone('— memory of the worker meanwhile: growth, MB', memory),
  ];
}

export function recoveryRow(label, seconds) {
  return oursAlone(`— next delivery ${label}, s`, number(median(seconds), 1));
}

function oursAlone(label, cell) {
  return [label, cell, '', '', '', ''];
}

function ofSides(rounds, figure) {
  return rounds[0].map((_, side) => median(rounds.map((sides) => figure(sides[side]))));
}

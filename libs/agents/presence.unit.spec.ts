import { CONVERSATION_CHANNELS } from '#libs/platform/channels.js';
import { given } from '#libs/testing/given.js';
import {
  CHANNEL_GROUPS,
  decidePresence,
  evolvePresence,
  type Presence,
  presenceAt,
  type PresenceCommand,
  type PresenceEvent,
  PresenceTimeout,
} from './presence.rules.js';
import { presenceStreamId } from './presence.stream.js';

const agentId = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const timeout = new PresenceTimeout(300);
const at = (seconds: number) => new Date(Date.parse('2026-03-14T09:59:00.000Z') + seconds * 1000);
const clock = (seconds: number) => ({ agentId, now: at(seconds), timeout });
const changed = (data: Partial<Presence>): PresenceEvent => ({
  type: 'AgentPresenceChanged',
  data: { agentId, connectionStatus: 'Online', activeChannels: [], lastSeen: at(0).toISOString(), ...data },
});
const seen = (seconds: number): PresenceEvent => ({
  type: 'AgentSeen',
  data: { agentId, lastSeen: at(seconds).toISOString() },
});
const online = (seconds: number, more: object = {}): PresenceCommand => ({
  type: 'UpdatePresence',
  connectionStatus: 'Online',
  ...clock(seconds),
  ...more,
});
const presence = given({ decide: decidePresence, evolve: evolvePresence, initialState: undefined });

describe('Presence', () => {
  it('begins with the first heartbeat', () => {
    presence()
      .when(online(0, { presenceStatus: 'Working', activeChannels: ['Sms', 'Email'] }))
      .then([changed({ presenceStatus: 'Working', activeChannels: ['Email', 'Sms'] })]);
    presence()
      .when(online(0))
      .then([changed({})]);
  });

  it('keeps what a heartbeat leaves out', () => {
    const before = changed({ presenceStatus: 'Away', activeChannels: ['Email'] });
    presence(before)
      .when(online(10, { connectionStatus: 'Offline' }))
      .then([
        changed({
          connectionStatus: 'Offline',
          presenceStatus: 'Away',
          activeChannels: ['Email'],
          lastSeen: at(10).toISOString(),
        }),
      ]);
  });

  it('takes heartbeats closer than a quarter of the timeout for one', () => {
    presence(changed({})).when(online(74)).then([]);
    presence(changed({}))
      .when(online(75))
      .then([seen(75)]);
    presence(changed({}), seen(75)).when(online(149)).then([]);
    presence(changed({}), seen(75))
      .when(online(150))
      .then([seen(150)]);
  });

  it('does not go back in time when clocks differ', () => {
    presence(changed({})).when(online(-5)).then([]);
    presence(changed({}))
      .when(online(-5, { presenceStatus: 'Away' }))
      .then([changed({ presenceStatus: 'Away' })]);
  });

  it('is offline from the timeout on, whether or not that was recorded', () => {
    const { data } = changed({ presenceStatus: 'Working', activeChannels: ['Email'] }) as { data: Presence };
    expect(presenceAt(data, { now: at(299), timeout })).toEqual(data);
    expect(presenceAt(data, { now: at(300), timeout })).toEqual({ ...data, connectionStatus: 'Offline' });
  });

  it('is recorded as offline once, after the timeout', () => {
    const expire = (seconds: number): PresenceCommand => ({ type: 'ExpirePresence', ...clock(seconds) });
    const expired = changed({ connectionStatus: 'Offline' });
    presence(changed({})).when(expire(299)).then([]);
    presence(changed({})).when(expire(300)).then([expired]);
    presence(changed({}), seen(75)).when(expire(300)).then([]);
    presence(changed({}), expired).when(expire(600)).then([]);
    presence().when(expire(600)).then([]);
  });

  it('comes back with what was chosen before', () => {
    const before = changed({ connectionStatus: 'Offline', presenceStatus: 'Working', activeChannels: ['Email'] });
    presence(before)
      .when(online(900))
      .then([changed({ presenceStatus: 'Working', activeChannels: ['Email'], lastSeen: at(900).toISOString() })]);
  });

  it('changes by whole groups of channels, which is no heartbeat', () => {
    const work = (channel: keyof typeof CHANNEL_GROUPS, working: boolean, seconds = 10): PresenceCommand => ({
      type: 'UpdateWorkingChannel',
      ...clock(seconds),
      channel,
      working,
    });
    presence(changed({ activeChannels: ['Sms'] }))
      .when(work('Email', true))
      .then([changed({ activeChannels: ['ContactForm', 'Email', 'Sms'] })]);
    presence(changed({ activeChannels: ['ContactForm', 'Email', 'Sms'] }))
      .when(work('Messaging', false))
      .then([changed({ activeChannels: ['ContactForm', 'Email'] })]);
    presence(changed({ activeChannels: ['Sms'] }))
      .when(work('Speak', false))
      .then([]);
    presence(changed({}))
      .when(work('Speak', false, 100))
      .then([]);
    presence()
      .when(work('Speak', true))
      .then([
        {
          type: 'AgentPresenceChanged',
          data: { agentId, connectionStatus: 'Offline', activeChannels: ['Callback', 'PstnPhone', 'Voicemail'] },
        },
      ]);
  });

  it('has each channel in one group', () => {
    expect(Object.values(CHANNEL_GROUPS).flat().sort()).toEqual([...CONVERSATION_CHANNELS].sort());
  });

  it('has a stream for each hour', () => {
    expect(presenceStreamId(agentId, at(59))).toBe(`${agentId}.2026-03-14T09`);
    expect(presenceStreamId(agentId, at(60))).toBe(`${agentId}.2026-03-14T10`);
  });
});

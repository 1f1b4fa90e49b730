import { createSocket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import { type Answer, decode, encode, RECURSION_DESIRED } from 'dns-packet';

/** Response codes of RFC 1035. */
const CODES = { SERVFAIL: 2, NXDOMAIN: 3 };

/** The resolution of a name: addresses of both kinds, a failure, or no answer at all. */
export type Resolution = string[] | keyof typeof CODES | 'silence';

/** A name server for tests. */
export interface DnsServer {
  /** Its address, as in `WEBHOOK_DNS_SERVERS`. */
  address: string;
  /** Names that were queried, one per question. */
  questions: string[];
  /** Sets the answer from now on; unknown names do not exist. Unanswered questions are answered now. */
  resolve(name: string, resolution: Resolution): void;
  close(): Promise<void>;
}

export async function startDnsServer(): Promise<DnsServer> {
  const names = new Map<string, Resolution>();
  const questions: string[] = [];
  const unanswered: (() => void)[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    const { id, questions: [question] = [] } = decode(message);
    if (!question) return;
    const { name, type } = question;
    questions.push(name);
    const answer = () => {
      const resolution = names.get(name) ?? 'NXDOMAIN';
      if (resolution === 'silence') {
        unanswered.push(answer);
        return;
      }
      const fails = typeof resolution === 'string';
      const answers: Answer[] = (fails ? [] : resolution)
        .filter((data) => isIPv4(data) === (type === 'A'))
        .map((data) => ({ type: type as 'A' | 'AAAA', name, ttl: 300, data }));
      const flags = RECURSION_DESIRED | (fails ? CODES[resolution] : 0);
      socket.send(encode({ type: 'response', id, flags, questions: [question], answers }), port, address);
    };
    answer();
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    resolve: (name, resolution) => {
      names.set(name, resolution);
      for (const answer of unanswered.splice(0)) answer();
    },
    close: () =>
      new Promise((resolve) => {
        socket.close(resolve);
      }),
  };
}

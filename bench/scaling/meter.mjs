import { cpuOf, cpuOfPostgres } from '../cpu.mjs';

/** CPU time that processes, and their PostgreSQL, take from now on. */
export class Meter {
  #processes;
  #client;
  #before;

  /** @param client a connection to PostgreSQL */
  static async start(processes, client) {
    const meter = new Meter(processes, client);
    meter.#before = await meter.#read();
    return meter;
  }

  constructor(processes, client) {
    this.#processes = processes;
    this.#client = client;
  }

  /** In microseconds for each of so many deliveries or requests: of all processes together, of PostgreSQL, and of each process. */
  async per(count) {
    const after = await this.#read();
    const [postgres, ...each] = after.map((value, index) => (value - this.#before[index]) / count);
    return { cpu: each.reduce((total, value) => total + value), postgres, each };
  }

  #read() {
    return Promise.all([cpuOfPostgres(this.#client), ...this.#processes.map(({ pid }) => cpuOf(pid))]);
  }
}

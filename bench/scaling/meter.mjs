import { cpuOf, cpuOfPostgres } from '../cpu.mjs';

/** Measures the CPU time of processes and of their PostgreSQL from now on. */
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

  /**
   * Returns the microseconds for each of `count` deliveries or requests: of all processes together, of PostgreSQL, and
   * of each process.
   */
  async per(count) {
    const after = await this.#read();
    const [postgres, ...each] = after.map((value, index) => (value - this.#before[index]) / count);
    return { cpu: each.reduce((total, value) => total + value), postgres, each };
  }

  #read() {
    return Promise.all([cpuOfPostgres(this.#client), ...this.#processes.map(({ pid }) => cpuOf(pid))]);
  }
}

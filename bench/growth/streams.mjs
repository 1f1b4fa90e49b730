const AT_ONCE = 16;

/** An entity whose stream grows by requests. */
export class Stream {
  length = 1;
  /**
   * When the stream had one event less than half: farthest from the last snapshot, if snapshots are at round versions.
   */
  middle = new Date();

  static async begin(api, kind) {
    return new Stream(api, kind, await api.create(kind.path, kind.input()));
  }

  constructor(api, kind, id) {
    this.api = api;
    this.kind = kind;
    this.id = id;
  }

  get path() {
    return `${this.kind.path}/${this.id}`;
  }

  /** Causes one more event, and returns the milliseconds that it took. */
  async write() {
    return this.api.time(...this.kind.write(this.id, ++this.length));
  }

  async growTo(length) {
    while (this.length < length) {
      await this.write();
      if (this.length === (length >> 1) - 1) this.middle = new Date();
    }
  }
}

/** Creates streams and lets them grow, several at once. */
export async function makeStreams(api, kind, count, length) {
  const streams = [];
  let begun = 0;
  const work = async () => {
    while (begun++ < count) {
      const stream = await Stream.begin(api, kind);
      await stream.growTo(length);
      streams.push(stream);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, work));
  return streams;
}

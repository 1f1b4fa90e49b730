const AT_ONCE = 16;

/** An entity whose stream is lengthened by requests. */
export class Stream {
  length = 1;
  /** When it had not quite half of its events: the longest way after a snapshot, where those are at round versions. */
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

  /** Makes one more event; answers the milliseconds that it took. */
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

/** Begins streams and lets each grow, some at once. */
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

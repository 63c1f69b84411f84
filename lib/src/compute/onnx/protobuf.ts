/** A protobuf message under construction: fields are appended in any order, `bytes()` is its encoding. */
export class Message {
  private readonly chunks: Uint8Array[] = [];
  private size = 0;

  /** A whole number, 64 bit; negative ones take ten bytes, as protobuf has it. */
  integer(field: number, value: number): this {
    return this.append(varint(field << 3)).append(varint(value));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.append(varint((field << 3) | 5)).append(bytes);
  }

  text(field: number, value: string): this {
    return this.raw(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    this.append(varint((field << 3) | 2)).append(varint(value.size));
    for (const chunk of value.chunks) this.append(chunk);
    return this;
  }

  /** Bytes; they are not copied until `bytes()`. */
  raw(field: number, value: Uint8Array): this {
    return this.append(varint((field << 3) | 2))
      .append(varint(value.length))
      .append(value);
  }

  /** The encoding, piece by piece. */
  parts(): readonly Uint8Array[] {
    return this.chunks;
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.size);
    let offset = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return all;
  }

  private append(chunk: Uint8Array): this {
    this.chunks.push(chunk);
    this.size += chunk.length;
    return this;
  }
}

/** Seven bits a byte, the lowest first; the highest bit says that more follow. */
function varint(value: number): Uint8Array {
  if (value >= 0 && value < 128) return Uint8Array.of(value);
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    const low = Number(rest & 127n);
    if (rest < 128n) return Uint8Array.from([...bytes, low]);
    bytes.push(low | 128);
  }
}

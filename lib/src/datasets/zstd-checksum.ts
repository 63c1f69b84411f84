/**
 * XXH64 with seed 0 of bytes that come piece by piece: the checksum of zstd frames, which keep its lower half.
 *
 * Source: Collet, "XXH64 algorithm description", github.com/Cyan4973/xxHash, doc/xxhash_spec.md. Numbers of 64 bits are pairs of
 * 32 bits here: JavaScript's BigInt gives the same ten times slower.
 */
export class Xxh64 {
  /** four accumulators, low and high half each */
  private readonly lanes = Int32Array.from([p1 + p2, p2, 0n, -p1].flatMap(halves));
  /** bytes that do not fill a stripe yet */
  private readonly rest = new Uint8Array(stripe);
  private held = 0;
  private length = 0;

  update(bytes: Uint8Array): void {
    this.length += bytes.length;
    let from = 0;
    if (this.held > 0) {
      from = Math.min(stripe - this.held, bytes.length);
      this.rest.set(bytes.subarray(0, from), this.held);
      this.held += from;
      if (this.held < stripe) return;
      consume(this.lanes, this.rest);
    }
    const whole = bytes.length - ((bytes.length - from) % stripe);
    consume(this.lanes, bytes.subarray(from, whole));
    this.rest.set(bytes.subarray(whole));
    this.held = bytes.length - whole;
  }

  /** the checksum of everything so far, 64 bits */
  digest(): bigint {
    const rest = Buffer.from(this.rest.buffer, 0, this.held);
    let hash = (this.length >= stripe ? this.merged() : p5) + BigInt(this.length);
    let at = 0;
    for (; at + 8 <= rest.length; at += 8) hash = rotate(u64(hash) ^ round(0n, rest.readBigUInt64LE(at)), 27n) * p1 + p4;
    for (; at + 4 <= rest.length; at += 4) hash = rotate(u64(hash) ^ u64(BigInt(rest.readUInt32LE(at)) * p1), 23n) * p2 + p3;
    for (; at < rest.length; at++) hash = rotate(u64(hash) ^ u64(BigInt(rest[at]!) * p5), 11n) * p1;
    hash = u64(hash);
    hash = u64((hash ^ (hash >> 33n)) * p2);
    hash = u64((hash ^ (hash >> 29n)) * p3);
    return hash ^ (hash >> 32n);
  }

  private merged(): bigint {
    const [a, b, c, d] = [0, 2, 4, 6].map((i) => BigInt.asUintN(32, BigInt(this.lanes[i]!)) | u64(BigInt(this.lanes[i + 1]!) << 32n));
    const sum = rotate(a!, 1n) + rotate(b!, 7n) + rotate(c!, 12n) + rotate(d!, 18n);
    return [a!, b!, c!, d!].reduce((hash, lane) => u64((hash ^ round(0n, lane)) * p1 + p4), u64(sum));
  }
}

const stripe = 32;
const p1 = 0x9e3779b185ebca87n;
const p2 = 0xc2b2ae3d27d4eb4fn;
const p3 = 0x165667b19e3779f9n;
const p4 = 0x85ebca77c2b2ae63n;
const p5 = 0x27d4eb2f165667c5n;

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function rotate(value: bigint, bits: bigint): bigint {
  return u64(u64(value) << bits) | (u64(value) >> (64n - bits));
}

function round(lane: bigint, input: bigint): bigint {
  return u64(rotate(lane + input * p2, 31n) * p1);
}

function halves(value: bigint): [low: number, high: number] {
  return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
}

/** `round` of each lane with its eight bytes of each stripe; products are made of 16-bit parts. */
function consume(lanes: Int32Array, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += stripe) {
    for (let lane = 0; lane < 8; lane += 2) {
      const low = view.getInt32(at + 4 * lane, true);
      const high = view.getInt32(at + 4 * lane + 4, true);
      let [a, b] = [low & 0xffff, low >>> 16];
      let [aa, ab, ba] = [a * 0xeb4f, a * 0x27d4, b * 0xeb4f]; // times p2
      let middle = (aa >>> 16) + (ab & 0xffff) + (ba & 0xffff);
      const carry = b * 0x27d4 + (ab >>> 16) + (ba >>> 16) + (middle >>> 16);
      const sum = (((middle << 16) | (aa & 0xffff)) >>> 0) + (lanes[lane]! >>> 0);
      const sumHigh =
        (carry + Math.imul(low, 0xc2b2ae3d) + Math.imul(high, 0x27d4eb4f) + lanes[lane + 1]! + (sum > 0xffffffff ? 1 : 0)) | 0;
      const turned = (sum << 31) | (sumHigh >>> 1); // rotated by 31
      const turnedHigh = (sumHigh << 31) | ((sum | 0) >>> 1);
      [a, b] = [turned & 0xffff, turned >>> 16];
      [aa, ab, ba] = [a * 0xca87, a * 0x85eb, b * 0xca87]; // times p1
      middle = (aa >>> 16) + (ab & 0xffff) + (ba & 0xffff);
      lanes[lane] = (middle << 16) | (aa & 0xffff);
      lanes[lane + 1] =
        b * 0x85eb + (ab >>> 16) + (ba >>> 16) + (middle >>> 16) + Math.imul(turned, 0x9e3779b1) + Math.imul(turnedHigh, 0x85ebca87);
    }
  }
}

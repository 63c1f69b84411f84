import { constants, crc32, deflateSync } from "node:zlib";

const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

/**
 * Pixels as a PNG file (RGBA, 8 bits). Rows are stored as differences to the row above and packed by run lengths only, which
 * suits flat colours and gives the same bytes from every build of zlib.
 *
 * @param pixels  [height × width × 4]
 */
export function encodePng(width: number, height: number, pixels: Uint8ClampedArray): Buffer {
  const rowBytes = 4 * width;
  const filtered = Buffer.alloc(height * (rowBytes + 1));
  for (let row = 0; row < height; row++) {
    const to = row * (rowBytes + 1);
    filtered[to] = 2; // the filter "up"
    for (let i = 0; i < rowBytes; i++) {
      const above = row === 0 ? 0 : pixels[(row - 1) * rowBytes + i]!;
      filtered[to + 1 + i] = (pixels[row * rowBytes + i]! - above) & 255;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6], 8); // bits per channel, RGBA
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(filtered, { strategy: constants.Z_RLE })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

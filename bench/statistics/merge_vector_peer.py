"""The same search in NumPy, in two ways; reads {"differences": [pairs × 5]} from standard input, writes JSON to standard output."""
import json, sys, time
try:
    import numpy as np
except ImportError as error:
    sys.exit(print(f"{sys.executable}: {error}; the peer is left out (choose a Python with NumPy: --python COMMAND)", file=sys.stderr) or 3)

D = np.array(json.load(sys.stdin)["differences"], float)
g = np.arange(21) / 20
WIN = 1e-9


def best(blocks):
    """Largest count, and how many vectors reach it, over blocks of counts."""
    top, ties = -1, 0
    for counts in blocks:
        m = int(counts.max())
        if m > top:
            top, ties = m, 0
        if m == top:
            ties += int((counts == m).sum())
    return top, ties


def products():
    """Scores of 21³ vectors at a time as a matrix product, then a comparison and a sum."""
    W = np.stack(np.meshgrid(g, g, -g, indexing="ij"), -1).reshape(-1, 3)
    late = W @ D[:, 2:].T
    for a in g:
        for b in g:
            yield np.count_nonzero(late + (D[:, 0] * a + D[:, 1] * b) > WIN, axis=1)


def breakpoints():
    """For fixed first four weights each pair changes sides at one value of the fifth: a histogram and a running sum."""
    n, d5 = len(D), D[:, 4]
    fifth = -g[:, None] * d5  # [21 × pairs]
    falling, rising = d5 > 0, d5 < 0
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(d5 != 0, 20 / np.abs(d5), 0.0)
    cells = 441 * 22
    third = (D[:, 2] * g[:, None])[:, None, :] + (D[:, 3] * g[:, None])[None, :, :]
    third = third.reshape(441, n)
    offset = (np.arange(441) * 22)[:, None]
    pair = np.arange(n)
    for a in g:
        for b in g:
            base = third + (D[:, 0] * a + D[:, 1] * b)
            # falling pairs are won for k < edge, rising pairs from k = edge on, the others always or never
            edge = np.where(falling, np.ceil((base - WIN) * inverse), np.floor((WIN - base) * inverse) + 1)
            edge = np.clip(edge, 0, 21).astype(np.int64)
            # the estimate can be one off where a score lies on the edge: look at the scores on both sides
            below = base + fifth[np.clip(edge - 1, 0, 20), pair] > WIN
            above = base + fifth[np.clip(edge, 0, 20), pair] > WIN
            edge = edge - ((edge > 0) & (below != falling)) + ((edge < 21) & (above == falling))
            flat = base > WIN
            step = np.where(falling, -1.0, 1.0)
            change = np.bincount((offset + edge)[:, d5 != 0].ravel(), np.broadcast_to(step, edge.shape)[:, d5 != 0].ravel(), cells).reshape(441, 22)
            start = falling.sum() + flat[:, d5 == 0].sum(1)
            yield (start[:, None] + change.cumsum(1))[:, :21].astype(np.int64)


methods = {}
for way in (products, breakpoints):
    start = time.perf_counter()
    top, ties = best(way())
    methods[way.__name__] = {"seconds": time.perf_counter() - start, "correct": top, "ties": ties}
json.dump({"versions": {"numpy": np.__version__, "python": sys.version.split()[0]}, "methods": methods}, sys.stdout)

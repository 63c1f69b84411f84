"""The same models in PyTorch: scaled_dot_product_attention, fused AdamW. Answers a line {"steps": n} with n timed steps, until standard input ends."""
import json, math, resource, sys, time
try:
    import numpy as np, torch
    import torch.nn.functional as F
except ImportError as error:
    sys.exit(print(f"{sys.executable}: {error}; the peer is left out (choose a Python with PyTorch: --python COMMAND)", file=sys.stderr) or 3)

job = json.loads(sys.stdin.readline())
c, texts, length, lengths, names, shapes, task, opt = (job[k] for k in ("config", "texts", "length", "lengths", "names", "shapes", "task", "adamW"))
torch.set_num_threads(job["threads"])
H, KV, d = c["num_attention_heads"], c["num_key_value_heads"], c["hidden_size"]
hd = d // H


def noise(t, count):
    i = np.arange(1, count + 1, dtype=np.uint64)
    x = (i * 2654435761 + (t + 1) * 40503 * 977) % 2**32
    x = x.astype(np.uint32).astype(np.float32).astype(np.uint64)  # a float32 holds 24 bits
    return ((x >> 8) & 0xFFFF).astype(np.float32) / np.float32(65536) - np.float32(0.5)


w = {}
for t, (name, shape) in enumerate(zip(names, shapes)):
    x = torch.from_numpy(noise(t, math.prod(shape))).reshape(shape)
    w[name] = torch.nn.Parameter(1 + 0.1 * x if len(shape) == 1 else x * (2 / math.sqrt(shape[-1])))
ids = torch.from_numpy(np.floor(c["vocab_size"] * (noise(1000, texts * length).astype(np.float64) + 0.5) ** 4).astype(np.int64)).reshape(texts, length)
f = c["rope_theta"] ** (-torch.arange(0, hd, 2, dtype=torch.float64) / hd)
angle = (torch.arange(length)[:, None].float() * f.float()[None]).repeat(1, 2)
cos, sin = angle.cos(), angle.sin()
turn = lambda x: torch.cat((-x[..., hd // 2 :], x[..., : hd // 2]), -1)
norm = lambda x, name: F.rms_norm(x, (d,), w[name], c["rms_norm_eps"])


def hidden(n):
    x = F.embedding(ids[:, :n], w["model.embed_tokens.weight"])
    for layer in range(c["num_hidden_layers"]):
        p = f"model.layers.{layer}."
        h = norm(x, p + "input_layernorm.weight")
        split = lambda name, heads: F.linear(h, w[f"{p}self_attn.{name}_proj.weight"]).view(texts, n, heads, hd).transpose(1, 2)
        q, k, v = split("q", H), split("k", KV), split("v", KV)
        q, k = q * cos[:n] + turn(q) * sin[:n], k * cos[:n] + turn(k) * sin[:n]
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True).transpose(1, 2).reshape(texts, n, d)
        x = x + F.linear(a, w[p + "self_attn.o_proj.weight"])
        h = norm(x, p + "post_attention_layernorm.weight")
        x = x + F.linear(F.silu(F.linear(h, w[p + "mlp.gate_proj.weight"])) * F.linear(h, w[p + "mlp.up_proj.weight"]), w[p + "mlp.down_proj.weight"])
    return x


def rewards(n):
    return F.linear(norm(hidden(n)[:, -1], "model.norm.weight"), w["score.weight"])[:, 0]


def log_probabilities():
    h, target, parts = norm(hidden(length), "model.norm.weight")[:, :-1].reshape(-1, d), ids[:, 1:].reshape(-1), []
    for i in range(0, len(h), 512):
        logits = F.linear(h[i : i + 512], w["model.embed_tokens.weight"])
        parts.append(logits.gather(1, target[i : i + 512, None])[:, 0] - torch.logsumexp(logits, -1))
    return torch.cat(parts)


optimizer = torch.optim.AdamW(w.values(), lr=opt["rate"], betas=(opt["mean"], opt["square"]), eps=opt["eps"], weight_decay=opt["decay"], fused=True)


def update(n):
    optimizer.zero_grad(set_to_none=True)
    r = rewards(n)
    loss = F.softplus(r[texts // 2 :] - r[: texts // 2]).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(w.values(), opt["clip"])
    optimizer.step()
    return loss.item()


def train():
    return [update(n) for n in lengths]


def score():
    with torch.no_grad():
        result = rewards(length) if task == "reward" else log_probabilities()
        return result[:8].tolist()


step = train if task == "train" else score
print(json.dumps({"torch": torch.__version__}), flush=True)
for line in sys.stdin:
    seconds, results, processor = [], [], time.process_time()
    for _ in range(json.loads(line)["steps"]):
        start = time.perf_counter()
        results.append(step())
        seconds.append(time.perf_counter() - start)
    used = {"processor": (time.process_time() - processor) / len(seconds), "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    print(json.dumps({"seconds": seconds, "results": results, **used}), flush=True)

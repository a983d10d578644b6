"""Decode steps of a Llama shape with random weights in PyTorch eager, as its users write them: separate projections, torch's rms_norm and
scaled_dot_product_attention, a KV cache of fixed size. Prints one JSON object with the names of `helios bench decode --json`."""
import argparse
import json
import time

import torch
import torch.nn.functional as F


def parse_shape(text):
    family, _, pairs = text.partition(":")
    if family != "llama":
        raise SystemExit(f"--shape is '{text}'; expected llama:layers=...")
    return {key: int(value) for key, value in (pair.split("=") for pair in pairs.split(","))}


class Layer:
    def __init__(self, shape, device, dtype):
        hidden, heads, kv, ffn = shape["hidden"], shape["heads"], shape["kv"], shape["ffn"]
        size = hidden // heads

        def matrix(rows, columns):
            return torch.randn(rows, columns, device=device, dtype=dtype).mul_(columns ** -0.5)

        self.heads, self.kv, self.size = heads, kv, size
        self.norm1 = torch.ones(hidden, device=device, dtype=dtype)
        self.norm2 = torch.ones(hidden, device=device, dtype=dtype)
        self.q, self.k, self.v = matrix(heads * size, hidden), matrix(kv * size, hidden), matrix(kv * size, hidden)
        self.o = matrix(hidden, heads * size)
        self.gate, self.up, self.down = matrix(ffn, hidden), matrix(ffn, hidden), matrix(hidden, ffn)

    def run(self, x, cache, position, turn):
        batch = x.shape[0]
        y = rms_norm(x, self.norm1)
        q = F.linear(y, self.q).view(batch, self.heads, 1, self.size)
        k = F.linear(y, self.k).view(batch, self.kv, 1, self.size)
        v = F.linear(y, self.v).view(batch, self.kv, 1, self.size)
        q, k = rotate(q, *turn), rotate(k, *turn)
        keys, values = cache
        keys[:, :, position : position + 1] = k
        values[:, :, position : position + 1] = v
        a = attend(q, keys[:, :, : position + 1], values[:, :, : position + 1])
        x = x + F.linear(a.reshape(batch, -1), self.o)
        y = rms_norm(x, self.norm2)
        return x + F.linear(F.silu(F.linear(y, self.gate)) * F.linear(y, self.up), self.down)


# What PyTorch has from 2.5 on; written out for an older one, which is then no measure of PyTorch.
def rms_norm(x, weight):
    if hasattr(F, "rms_norm"):
        return F.rms_norm(x, (x.shape[-1],), weight, 1e-5)
    return x * torch.rsqrt(x.float().square().mean(-1, keepdim=True) + 1e-5).to(x.dtype) * weight


def attend(q, k, v):
    if hasattr(F, "rms_norm"):
        return F.scaled_dot_product_attention(q, k, v, enable_gqa=q.shape[1] != k.shape[1])
    k, v = (part.repeat_interleave(q.shape[1] // k.shape[1], dim=1) for part in (k, v))
    return torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5, dim=-1) @ v


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", required=True)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--batch", default="1,32,256")
    parser.add_argument("--depth", required=True)
    parser.add_argument("--context", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=2)
    asked = parser.parse_args()
    shape, device, dtype = parse_shape(asked.shape), torch.device(asked.device), torch.bfloat16
    depths = [int(depth) for depth in asked.depth.split(",")]
    size = shape["hidden"] // shape["heads"]
    layers = [Layer(shape, device, dtype) for _ in range(max(depths))]
    embedding = torch.randn(shape["vocab"], shape["hidden"], device=device, dtype=dtype)
    head = torch.randn(shape["vocab"], shape["hidden"], device=device, dtype=dtype).mul_(shape["hidden"] ** -0.5)
    norm = torch.ones(shape["hidden"], device=device, dtype=dtype)
    position = asked.context - 1
    angles = position * 10000.0 ** (-torch.arange(0, size, 2, device=device).float() / size)
    turn = tuple(torch.cat((part, part)).to(dtype) for part in (angles.cos(), angles.sin()))
    rows = []
    for batch in (int(batch) for batch in asked.batch.split(",")):
        caches = [[torch.randn(batch, shape["kv"], asked.context, size, device=device, dtype=dtype) for _ in range(2)] for _ in layers]
        for depth in depths:
            rows.append(measure(batch, depth, layers, caches, embedding, head, norm, position, turn, asked.seconds))
        del caches
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    print(json.dumps({"model": asked.shape, "device": f"{name}, PyTorch {torch.__version__} eager", "context": asked.context, "rows": rows}))


def measure(batch, depth, layers, caches, embedding, head, norm, position, turn, seconds):
    ids = torch.zeros(batch, dtype=torch.long, device=embedding.device)
    times = []
    began = time.perf_counter()
    while len(times) < 13 or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        x = F.embedding(ids, embedding)
        for layer, cache in zip(layers[:depth], caches):
            x = layer.run(x, cache, position, turn)
        ids = F.linear(rms_norm(x, norm), head).argmax(-1)
        ids.tolist()  # What serves looks at every id: this waits for the device.
        times.append(1000 * (time.perf_counter() - start))
    times = sorted(times[3:])
    median = times[len(times) // 2]
    return {"batch": batch, "depth": depth, "stepMs": median, "p90Ms": times[len(times) * 9 // 10], "decodeTps": 1000 * batch / median, "steps": len(times)}


main()

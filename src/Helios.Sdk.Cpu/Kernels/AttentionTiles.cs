using System.Runtime.CompilerServices;
using Helios.Sdk.Cpu.Memory;

namespace Helios.Sdk.Cpu.Kernels;

/// <summary>
/// The inner loops of attention over one tile of 16 tokens, for one, two or four queries that share the loads of its keys
/// and values. A query's arithmetic is the same in each: even and odd dimensions in two chains, tokens in order.
/// </summary>
internal static unsafe class AttentionTiles<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>scores[query][token] = query . key.</summary>
    /// <param name="queries">Where each query lies; <paramref name="count"/> of them, 1, 2 or 4.</param>
    /// <param name="count">Number of queries.</param>
    /// <param name="keys"><c>[headDim][16]</c>.</param>
    /// <param name="headDim">Width of a head; even.</param>
    /// <param name="scores"><c>[count][16]</c>.</param>
    public static void Scores(float** queries, int count, float* keys, int headDim, float* scores)
    {
        if (count == 4) Scores4(queries[0], queries[1], queries[2], queries[3], keys, headDim, scores);
        else if (count == 2) Scores2(queries[0], queries[1], keys, headDim, scores);
        else Scores1(queries[0], keys, headDim, scores);
    }

    /// <summary>sums[query] += sum over valid tokens of weight x value. Tokens beyond are not read: their memory may hold anything.</summary>
    /// <param name="weights"><c>[count][16]</c>.</param>
    /// <param name="count">Number of queries: 1, 2 or 4.</param>
    /// <param name="values"><c>[16][stride]</c>.</param>
    /// <param name="stride">Width of a head in whole vectors.</param>
    /// <param name="valid">Tokens of the tile that count.</param>
    /// <param name="sums"><c>[count][stride]</c>.</param>
    public static void Values(float* weights, int count, float* values, int stride, int valid, float* sums)
    {
        if (count == 4) Values4(weights, values, stride, valid, sums);
        else if (count == 2) Values2(weights, values, stride, valid, sums);
        else Values1(weights, values, stride, valid, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Scores4(float* q0, float* q1, float* q2, float* q3, float* keys, int headDim, float* scores)
    {
        for (var lane = 0; lane < KvLayout.Tile; lane += TSimd.Lanes)
        {
            var k = keys + lane;
            var a0 = TSimd.Create(0);
            var b0 = TSimd.Create(0);
            var a1 = TSimd.Create(0);
            var b1 = TSimd.Create(0);
            var a2 = TSimd.Create(0);
            var b2 = TSimd.Create(0);
            var a3 = TSimd.Create(0);
            var b3 = TSimd.Create(0);
            for (nint d = 0; d < headDim; d += 2)
            {
                var even = TSimd.Load(k);
                var odd = TSimd.Load(k + KvLayout.Tile);
                k += 2 * KvLayout.Tile;
                a0 = TSimd.MultiplyAdd(even, TSimd.Create(q0[d]), a0);
                b0 = TSimd.MultiplyAdd(odd, TSimd.Create(q0[d + 1]), b0);
                a1 = TSimd.MultiplyAdd(even, TSimd.Create(q1[d]), a1);
                b1 = TSimd.MultiplyAdd(odd, TSimd.Create(q1[d + 1]), b1);
                a2 = TSimd.MultiplyAdd(even, TSimd.Create(q2[d]), a2);
                b2 = TSimd.MultiplyAdd(odd, TSimd.Create(q2[d + 1]), b2);
                a3 = TSimd.MultiplyAdd(even, TSimd.Create(q3[d]), a3);
                b3 = TSimd.MultiplyAdd(odd, TSimd.Create(q3[d + 1]), b3);
            }

            TSimd.Store(TSimd.Add(a0, b0), scores + lane);
            TSimd.Store(TSimd.Add(a1, b1), scores + KvLayout.Tile + lane);
            TSimd.Store(TSimd.Add(a2, b2), scores + 2 * KvLayout.Tile + lane);
            TSimd.Store(TSimd.Add(a3, b3), scores + 3 * KvLayout.Tile + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Scores2(float* q0, float* q1, float* keys, int headDim, float* scores)
    {
        for (var lane = 0; lane < KvLayout.Tile; lane += TSimd.Lanes)
        {
            var k = keys + lane;
            var a0 = TSimd.Create(0);
            var b0 = TSimd.Create(0);
            var a1 = TSimd.Create(0);
            var b1 = TSimd.Create(0);
            for (nint d = 0; d < headDim; d += 2)
            {
                var even = TSimd.Load(k);
                var odd = TSimd.Load(k + KvLayout.Tile);
                k += 2 * KvLayout.Tile;
                a0 = TSimd.MultiplyAdd(even, TSimd.Create(q0[d]), a0);
                b0 = TSimd.MultiplyAdd(odd, TSimd.Create(q0[d + 1]), b0);
                a1 = TSimd.MultiplyAdd(even, TSimd.Create(q1[d]), a1);
                b1 = TSimd.MultiplyAdd(odd, TSimd.Create(q1[d + 1]), b1);
            }

            TSimd.Store(TSimd.Add(a0, b0), scores + lane);
            TSimd.Store(TSimd.Add(a1, b1), scores + KvLayout.Tile + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Scores1(float* q0, float* keys, int headDim, float* scores)
    {
        for (var lane = 0; lane < KvLayout.Tile; lane += TSimd.Lanes)
        {
            var k = keys + lane;
            var a0 = TSimd.Create(0);
            var b0 = TSimd.Create(0);
            for (nint d = 0; d < headDim; d += 2)
            {
                var even = TSimd.Load(k);
                var odd = TSimd.Load(k + KvLayout.Tile);
                k += 2 * KvLayout.Tile;
                a0 = TSimd.MultiplyAdd(even, TSimd.Create(q0[d]), a0);
                b0 = TSimd.MultiplyAdd(odd, TSimd.Create(q0[d + 1]), b0);
            }

            TSimd.Store(TSimd.Add(a0, b0), scores + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Values4(float* weights, float* values, int stride, int valid, float* sums)
    {
        for (nint d = 0; d < stride; d += TSimd.Lanes)
        {
            var v = values + d;
            var a0 = TSimd.Load(sums + d);
            var a1 = TSimd.Load(sums + stride + d);
            var a2 = TSimd.Load(sums + 2 * stride + d);
            var a3 = TSimd.Load(sums + 3 * stride + d);
            for (nint t = 0; t < valid; t++)
            {
                var value = TSimd.Load(v);
                v += stride;
                a0 = TSimd.MultiplyAdd(value, TSimd.Create(weights[t]), a0);
                a1 = TSimd.MultiplyAdd(value, TSimd.Create(weights[KvLayout.Tile + t]), a1);
                a2 = TSimd.MultiplyAdd(value, TSimd.Create(weights[2 * KvLayout.Tile + t]), a2);
                a3 = TSimd.MultiplyAdd(value, TSimd.Create(weights[3 * KvLayout.Tile + t]), a3);
            }

            TSimd.Store(a0, sums + d);
            TSimd.Store(a1, sums + stride + d);
            TSimd.Store(a2, sums + 2 * stride + d);
            TSimd.Store(a3, sums + 3 * stride + d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Values2(float* weights, float* values, int stride, int valid, float* sums)
    {
        for (nint d = 0; d < stride; d += TSimd.Lanes)
        {
            var v = values + d;
            var a0 = TSimd.Load(sums + d);
            var a1 = TSimd.Load(sums + stride + d);
            for (nint t = 0; t < valid; t++)
            {
                var value = TSimd.Load(v);
                v += stride;
                a0 = TSimd.MultiplyAdd(value, TSimd.Create(weights[t]), a0);
                a1 = TSimd.MultiplyAdd(value, TSimd.Create(weights[KvLayout.Tile + t]), a1);
            }

            TSimd.Store(a0, sums + d);
            TSimd.Store(a1, sums + stride + d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Values1(float* weights, float* values, int stride, int valid, float* sums)
    {
        for (nint d = 0; d < stride; d += TSimd.Lanes)
        {
            var v = values + d;
            var a0 = TSimd.Load(sums + d);
            for (nint t = 0; t < valid; t++)
            {
                var value = TSimd.Load(v);
                v += stride;
                a0 = TSimd.MultiplyAdd(value, TSimd.Create(weights[t]), a0);
            }

            TSimd.Store(a0, sums + d);
        }
    }
}

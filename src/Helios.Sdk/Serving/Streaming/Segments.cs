using System.Numerics;
using System.Runtime.CompilerServices;

namespace Helios.Sdk.Serving.Streaming;

/// <summary>
/// A list that grows by segments, each twice the one before. What is in it never moves: one thread may read what another has published
/// while that goes on adding. Few additions allocate, and at most half of it is empty beyond the first segment.
/// </summary>
/// <param name="width">Values of an item.</param>
internal sealed class Segments<T>(int width = 1)
{
    private const int First = 64;

    private readonly T[]?[] segments = new T[BitOperations.Log2(int.MaxValue / First) + 1][];

    /// <summary>Bytes of all segments.</summary>
    public long Bytes { get; private set; }

    /// <summary>The values of an item; its segment is made when it is the first of it, by the one thread that adds.</summary>
    public Memory<T> this[int item]
    {
        get
        {
            var segment = BitOperations.Log2((uint)(item / First) + 1);
            var values = segments[segment] ?? Add(segment);
            return values.AsMemory((item - First * ((1 << segment) - 1)) * width, width);
        }
    }

    private T[] Add(int segment)
    {
        var values = new T[checked(First * (1 << segment) * width)];
        Bytes += (long)values.Length * Unsafe.SizeOf<T>();
        return segments[segment] = values;
    }
}

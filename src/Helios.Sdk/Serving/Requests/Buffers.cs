namespace Helios.Sdk.Serving.Requests;

/// <summary>
/// Arrays of a request that grow with what it has generated, by doubling: what it takes follows what it is, not what it may become,
/// and few of its steps allocate.
/// </summary>
internal static class Buffers
{
    private const int Least = 64;

    /// <summary>Makes room for so many elements.</summary>
    /// <param name="array">What it holds stays.</param>
    /// <param name="needed">Elements that must fit.</param>
    /// <param name="most">Elements there can ever be.</param>
    public static void Grow<T>(ref T[] array, int needed, int most = int.MaxValue)
    {
        if (needed <= array.Length) return;
        var length = Math.Min(Math.Max(Least, array.Length * 2L), Math.Min(most, Array.MaxLength));
        Array.Resize(ref array, (int)Math.Max(needed, length));
    }
}

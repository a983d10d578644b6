namespace Helios.Sdk.Serving.KvCache;

/// <summary>How large a KV slab is made.</summary>
internal static class SlabSize
{
    private const long Smallest = 256 << 10;
    private const long Largest = 256 << 20;

    /// <summary>A slab holds at least one block of any model at full depth; by default it is 1/64 of the budget, or four such blocks, so that little is lost to cutting.</summary>
    /// <param name="asked">What the options ask for; null for the default.</param>
    /// <param name="budgetBytes">The memory budget.</param>
    /// <param name="largestBlock">Bytes of the largest block of any model.</param>
    /// <param name="slabs">Slabs that the device would have the budget cut into; null where it does not mind.</param>
    public static long For(long? asked, long budgetBytes, long largestBlock, int? slabs = null)
    {
        if (asked is { } bytes) return Math.Max(bytes, largestBlock);
        return slabs is { } few
            ? Math.Max(budgetBytes / few, largestBlock)
            : Math.Max(Math.Clamp(budgetBytes / 64, Smallest, Largest), 4 * largestBlock);
    }
}

namespace Helios.Sdk.Tokenization.Bpe;

/// <summary>When an encoding ends before its text does.</summary>
/// <param name="MostIds">More ids than these are of no use.</param>
/// <param name="CancellationToken">No caller waits for it any more.</param>
internal readonly record struct EncodingLimit(int MostIds, CancellationToken CancellationToken)
{
    public static EncodingLimit None => new(int.MaxValue, CancellationToken.None);

    /// <summary>Whether so many ids are too many.</summary>
    public bool IsPassed(long ids)
    {
        CancellationToken.ThrowIfCancellationRequested();
        return ids > MostIds;
    }
}

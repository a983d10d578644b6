namespace Helios.Backends.Testing;

/// <summary>What the contracts share: the backend, and the cases its variants and precisions make.</summary>
/// <typeparam name="TBackend">The backend.</typeparam>
public abstract class BackendContract<TBackend>
    where TBackend : BackendUnderTest, new()
{
    protected static TBackend Backend { get; } = new();

    public static TheoryData<string> Variants() => [.. Backend.Variants];

    public static TheoryData<Precision> Precisions() => [.. Backend.Precisions];

    public static TheoryData<Precision> KvPrecisions() => [.. Backend.KvPrecisions];

    public static TheoryData<string, Precision> VariantsAndPrecisions() => Pairs(Backend.Precisions);

    public static TheoryData<string, Precision> VariantsAndKvPrecisions() => Pairs(Backend.KvPrecisions);

    private static TheoryData<string, Precision> Pairs(IReadOnlyList<Precision> precisions)
    {
        var pairs = new TheoryData<string, Precision>();
        foreach (var variant in Backend.Variants)
            foreach (var precision in precisions) pairs.Add(variant, precision);
        return pairs;
    }
}

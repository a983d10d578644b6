namespace Helios.Peers.Measuring;

/// <summary>Another engine in this process: a build of llama.cpp, and how it is driven.</summary>
internal interface IPeer : IDisposable
{
    /// <summary>What it is.</summary>
    PeerBuild Build { get; }

    /// <summary>Loads a GGUF model, which the caller disposes before the peer.</summary>
    IPeerModel Load(string path, int vocabulary);
}

/// <summary>A model in memory.</summary>
internal interface IPeerModel : IDisposable
{
    /// <summary>Bytes of its weights.</summary>
    long Bytes { get; }

    /// <summary>Opens what a workload needs, its context filled.</summary>
    IPeerSession Open(Workload workload, bool flashAttention);

    /// <inheritdoc cref="IEngine.Rest"/>
    void Rest();
}

/// <summary>A session whose logits can be read.</summary>
internal interface IPeerSession : ISession
{
    /// <summary>Appends tokens to the first sequence, at most a batch.</summary>
    void Decode(ReadOnlySpan<int> text, bool allLogits);

    /// <summary>Logits behind a row of the last batch.</summary>
    ReadOnlySpan<float> Logits(int row);
}

/// <summary>Where a build of llama.cpp comes from.</summary>
/// <param name="Package">The package that brings it.</param>
/// <param name="Version">The package's version.</param>
/// <param name="Release">The release or commit of llama.cpp.</param>
/// <param name="Kernels">Which build of the CPU kernels runs.</param>
internal sealed record PeerBuild(string Package, string Version, string Release, string Kernels)
{
    public override string ToString() => $"llama.cpp {Release} of {Package} {Version}, kernels built for {Kernels}";
}

using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.ChatTemplates;

namespace Helios.Sdk.Adaptation.Loading;

/// <summary>
/// One model of the pool: its checkpoint, what is loaded of it, and how many claims there are at each depth.
/// Invariant: layers loaded = the deepest claim, but for the moment in which a load brings more.
/// </summary>
internal sealed class PoolEntry(ICheckpoint checkpoint, ITokenizer tokenizer, ModelFacts facts) : IDisposable
{
    private readonly Lock gate = new();
    private readonly int[] claims = new int[checkpoint.Info.Architecture.Layers + 1];
    private readonly List<ILayerWeights> layers = [];
    private IFixedPart? fixedPart;
    private ServedModel? served;

    public ICheckpoint Checkpoint => checkpoint;

    public CheckpointInfo Info => checkpoint.Info;

    /// <summary>Why no more of it can be loaded, for good: its files changed. What is loaded serves on.</summary>
    public string? StaleBecause => checkpoint.StaleBecause;

    public ITokenizer Tokenizer => tokenizer;

    /// <summary>How conversations are put to it; null when it takes none.</summary>
    public ChatFormat? Chat { get; init; }

    /// <summary>What is known of it before it runs.</summary>
    public ModelFacts Facts => facts;

    public LoadSize Size => facts.Size;

    /// <summary>Bytes of the activations.</summary>
    public long WorkspaceBytes => facts.WorkspaceBytes;

    /// <summary>One load at a time brings parts of this model.</summary>
    public SemaphoreSlim LoadTurn { get; } = new(1, 1);

    /// <summary>Claims a depth before it is loaded, so that nothing below it is trimmed meanwhile. Every claim is dropped once.</summary>
    public void Claim(int depth)
    {
        lock (gate) claims[depth]++;
    }

    /// <summary>Claims what is loaded and returns its depth; null when nothing is.</summary>
    public int? ClaimLoaded()
    {
        lock (gate)
        {
            if (fixedPart is null) return null;
            claims[layers.Count]++;
            return layers.Count;
        }
    }

    /// <summary>Drops a claim and frees what no claim covers any more; returns the model if that was all of it.</summary>
    public ServedModel? Drop(int depth)
    {
        lock (gate)
        {
            var before = served;
            claims[depth]--;
            Trim();
            return served is null ? before : null;
        }
    }

    public (bool HasFixed, int Layers) Loaded
    {
        get { lock (gate) return (fixedPart is not null, layers.Count); }
    }

    /// <summary>The fixed part and the loaded layers; the caller holds a claim on them.</summary>
    public (IFixedPart Fixed, IReadOnlyList<ILayerWeights> Layers) Parts
    {
        get { lock (gate) return (fixedPart!, layers.ToArray()); }
    }

    public (int LoadedLayers, long Bytes, int Leases) Census()
    {
        lock (gate)
        {
            var bytes = (fixedPart?.Bytes ?? 0) + (fixedPart is null ? 0 : facts.WorkspaceBytes) + layers.Sum(layer => layer.Bytes);
            return (layers.Count, bytes, claims.Sum());
        }
    }

    /// <summary>Puts loaded parts into service and returns the model; the caller holds a claim on them.</summary>
    public ServedModel Install(Func<(IFixedPart Fixed, ILayeredModel Device)>? makeFixed, IEnumerable<ILayerWeights> more)
    {
        lock (gate)
        {
            if (makeFixed is not null)
            {
                (fixedPart, var device) = makeFixed();
                served = new ServedModel(Info, tokenizer, device, facts.Confidence) { Chat = Chat };
            }

            layers.AddRange(more);
            served!.Device.UseLayers(layers.ToArray());
            return served;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            Array.Clear(claims);
            Trim();
        }

        checkpoint.Dispose();
        LoadTurn.Dispose();
    }

    private void Trim()
    {
        var depth = claims.Length - 1;
        while (depth >= 0 && claims[depth] == 0) depth--;
        if (layers.Count > Math.Max(depth, 0))
        {
            served!.Device.UseLayers(layers.Take(Math.Max(depth, 0)).ToArray());
            for (var i = layers.Count - 1; i >= Math.Max(depth, 0); i--)
            {
                layers[i].Dispose();
                layers.RemoveAt(i);
            }
        }

        if (depth >= 0) return;
        served?.Device.Dispose();
        fixedPart?.Dispose();
        served = null;
        fixedPart = null;
    }
}

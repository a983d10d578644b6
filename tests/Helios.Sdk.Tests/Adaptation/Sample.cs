using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Objectives;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tests.Serving.Fakes;

namespace Helios.Sdk.Tests.Adaptation;

/// <summary>Small made-up models and points.</summary>
internal static class Sample
{
    public static CheckpointInfo Model(string name = "m", int layers = 6, int[]? exits = null, SidecarCalibration? calibration = null) => new()
    {
        Name = name,
        Path = "/" + name,
        Architecture = new LlamaShape
        {
            Layers = layers,
            HiddenSize = 8,
            Heads = 2,
            KvHeads = 2,
            HeadDim = 4,
            FeedForwardSize = 16,
            VocabularySize = 32,
            ContextLength = 256,
            NormEpsilon = 1e-5f,
            RopeTheta = 10_000,
            TiedHead = true,
        }.ToArchitecture(),
        Exits = [.. (exits ?? [2, 4]).Append(layers).Select(depth => new ModelExit(depth))],
        StoredType = TensorType.BF16,
        Parameters = 1,
        Fingerprint = name,
        Calibration = calibration,
    };

    public static SidecarCalibration Calibration(ExitSignalKind signal, params (int Depth, CalibrationPoint[] Points)[] curves) =>
        new(signal, curves.ToImmutableDictionary(curve => curve.Depth, curve => curve.Points.ToImmutableArray()));

    /// <summary>A route to a model that cannot run.</summary>
    public static Route Route(int depth = 6, CheckpointInfo? model = null)
    {
        var info = model ?? Model();
        var target = new LoadTarget(info.Name, depth);
        var served = new ServedModel(info, new FakeTokenizer(), null!, new ConfidenceSource(Helios.Sdk.Adaptation.Estimation.Calibration.FromSidecar(info)));
        return new Route(new OperatingPoint(target), ModelLease.Create(target, served, static () => { }), new NoExitPolicy());
    }

    public static Goals Goals(AdaptationOptions? options = null, long budgetBytes = 1 << 20) =>
        new(new ThroughputObjective(), budgetBytes, ServiceLimits.Of(options ?? new AdaptationOptions()));

    /// <summary>KV of 4 bytes for each token and layer, in slabs of 1000 bytes.</summary>
    public static IKvSizes Kv { get; } = new KvSizes();

    public static PointProfile Point(string model = "m", int depth = 6, int layers = 6, double throughput = 100) => new()
    {
        Point = new OperatingPoint(new LoadTarget(model, depth)),
        ModelLayers = layers,
        Throughput = throughput,
        TpotMs = 20,
        AloneTpotMs = 5,
        TtftMs = 50,
        WeightBytes = 1000 * depth,
        KvBytesPerSequence = 10 * depth,
        MaxBatch = 8,
        BitsPerByte = 1.3,
        QualityGap = 0,
        Agreement = 1,
        BreachRate = 0,
        EvidenceRequests = 15,
    };

    private sealed class KvSizes : IKvSizes
    {
        public long BytesPerSlab => 1000;

        public long BlockBytes(KvShape shape) => 16L * shape.Layers * 4;
    }
}

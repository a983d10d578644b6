using Helios.Cli.Benching;
using Helios.Sdk;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Backends;
using Helios.Sdk.ExitPolicies;
using Helios.Sdk.Scheduling;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Serving.Scheduling;
using Helios.Sdk.Serving.Streaming;

namespace Helios.Benchmarks.Overhead;

/// <summary>The engine's serving loop over a loaded model, or over none, stepped by hand on the calling thread.</summary>
internal sealed class ServingRig : IDisposable
{
    private const long SlabBytes = 64 << 20;

    private readonly IKvStore kv;
    private readonly BlockPool blocks;
    private readonly ModelLease lease;
    private readonly PieceTokenizer tokenizer;
    private readonly int vocabulary;
    private long lastId;

    public ServingRig(BenchedModel model, bool compute, ServingOptions? with = null)
    {
        var options = with ?? new ServingOptions();
        vocabulary = model.Architecture.VocabularySize;
        tokenizer = new PieceTokenizer(vocabulary);
        kv = model.Backend.CreateKvStore(SlabBytes, options.KvBlockTokens);
        blocks = new BlockPool(kv, model.Budget);
        Device = new TimedModel(compute ? model.Compose(kv, options.MaxRowsPerStep) : new NullModel());

        var served = new ServedModel(model.Info, tokenizer, Device, new ConfidenceSource(new NoConfidence()));
        var target = new LoadTarget(model.Info.Name, model.Architecture.Layers);
        lease = ModelLease.Create(target, served, static () => { });
        var routes = new Routes();
        routes.Publish(new Route(new OperatingPoint(target), lease, new NoExitPolicy()));
        var parts = new ServingParts(
            options, RequestOrders.CreateScheduler(options, TimeProvider.System), blocks, new DeviceWork(0.05, TimeProvider.System), new ServingObserver(new ServingTelemetry(new AdaptationOptions())), TimeProvider.System);
        Loop = new ServingLoop(parts, routes);
    }

    public ServingLoop Loop { get; }

    public TimedModel Device { get; }

    /// <summary>Submits a request and reads its answer on the thread pool: piece by piece as it comes, or at the end.</summary>
    public Task SubmitAsync(int promptTokens, int maxTokens, bool streaming)
    {
        var output = Submit(promptTokens, maxTokens).Output;
        return Task.Run(() => streaming ? ReadPiecesAsync(output) : output.WaitForEndAsync().AsTask());
    }

    /// <summary>Submits a request with a prompt of its own whose answer nobody waits for.</summary>
    public Sequence Submit(int promptTokens, int maxTokens) =>
        Submit([.. Enumerable.Range(0, promptTokens).Select(i => (int)((lastId * 131 + i * 31) % vocabulary))], maxTokens);

    /// <summary>Submits a request whose answer nobody reads.</summary>
    /// <param name="prompt">Ids.</param>
    /// <param name="maxTokens">Tokens of the answer.</param>
    /// <param name="source">A request with the same prompt that it is another sample of.</param>
    public Sequence Submit(int[] prompt, int maxTokens, Sequence? source = null)
    {
        var request = GenerationRequest.FromTokens(prompt) with { MaxTokens = maxTokens };
        var output = new TokenStream(tokenizer, StopStrings.Of(request.Stop));
        var sequence = new Sequence(new RequestId(++lastId), request, seed: 1, new EncodedPrompt(prompt, tokenizer.Fingerprint), output, TimeProvider.System.GetTimestamp()) { Source = source };
        Loop.Submit(sequence);
        return sequence;
    }

    public void Dispose()
    {
        lease.Dispose();
        Device.Dispose();
        blocks.Dispose();
        kv.Dispose();
    }

    private static async Task ReadPiecesAsync(TokenStream output)
    {
        Detokenizer? text = null;
        for (var seen = 0; ;)
        {
            await output.WaitAsync(seen);
            var (count, end) = output.Progress;
            text ??= new Detokenizer(output.Text);
            for (; seen < count; seen++) text.ReadTo(output[seen].TextEnd);
            if (end is not null) return;
        }
    }

    private sealed class NoConfidence : IConfidenceMap
    {
        public ExitSignals Needs => ExitSignals.None;

        public float Map(int depth, in ExitSignal signal) => 1;
    }
}

using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Estimation;
using Helios.Sdk.Adaptation.Loading;
using Helios.Sdk.Backends;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Diagnostics;
using Helios.Sdk.Hosting.Configuration;
using Helios.Sdk.Hosting.Strategies;
using Helios.Sdk.Models;
using Helios.Sdk.Serving;
using Helios.Sdk.Serving.KvCache;
using Helios.Sdk.Serving.Requests;
using Helios.Sdk.Serving.Routing;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.ChatTemplates;

namespace Helios.Sdk.Hosting.Composition;

/// <summary>What an engine takes from the machine: the device, the memory budget with its KV, and the models, loaded as far as something claims them.</summary>
internal sealed class DeviceModule : IAsyncDisposable
{
    private readonly IKvStore kv;

    private DeviceModule(DeviceParts parts, HeliosOptions options, TimeProvider time)
    {
        (Backend, Budget, kv) = (parts.Backend, parts.Budget, parts.Kv);
        Sequences = parts.Sequences;
        Blocks = new BlockPool(kv, Budget);
        Work = new DeviceWork(options.Adaptation.MaxScoringShare, time);
        Memory = new KvReclaimer(Budget, Blocks, Sequences, Routes, Work) { MaxRowsPerStep = options.Serving.MaxRowsPerStep };
        Pool = new ModelPool(parts.Models, Backend, kv, Memory, new PoolSettings(options.Precision, options.Serving.MaxRowsPerStep, Budget, time));
    }

    public IBackend Backend { get; }

    public MemoryBudget Budget { get; }

    public IKvStore Kv => kv;

    public BlockPool Blocks { get; }

    /// <summary>The sequences that live.</summary>
    public SequenceTable Sequences { get; }

    /// <summary>Where requests go: the one owner of the active point.</summary>
    public Routes Routes { get; } = new();

    /// <summary>What is done on the device thread between two steps.</summary>
    public DeviceWork Work { get; }

    /// <summary>Finds memory for loads.</summary>
    public KvReclaimer Memory { get; }

    public ModelPool Pool { get; }

    /// <summary>Opens the models of the options and the backend that they choose. Where one of them cannot be opened, all are closed.</summary>
    /// <exception cref="CheckpointException">A model cannot be read.</exception>
    /// <exception cref="InvalidOptionException">An option does not fit the models or the backend.</exception>
    public static DeviceModule Open(HeliosOptions options, EngineStrategies strategies, TimeProvider time)
    {
        var opened = new Stack<IDisposable>();
        T Opened<T>(T part)
            where T : IDisposable
        {
            opened.Push(part);
            return part;
        }

        try
        {
            var checkpoints = options.Models.Select((source, i) => Opened(OptionSource.Read(ModelAt(i), () => Checkpoint.Open(source.Path, source.Name, source.DigestFile)))).ToList();
            var backend = Opened(BackendFinder.Create(options, strategies.Backends));
            OptionsCheck.CheckDepths(options, checkpoints[0].Info);
            var budget = new MemoryBudget(options.MemoryBudgetBytes ?? DefaultBudget.Of(backend.Device.TotalMemory));
            var store = Opened(MakeKvStore(options.Serving, backend, budget, checkpoints));
            var sequences = new SequenceTable();
            var pace = new LoadPace(options.Adaptation.MaxLoadShare, Environment.ProcessorCount, sequences, time);
            var models = checkpoints.Select((checkpoint, i) => OptionSource.Read(ModelAt(i), () => MakeEntry(new PacedCheckpoint(checkpoint, pace), backend, options, options.Models[i], strategies, time))).ToList();
            return new DeviceModule(new DeviceParts(backend, budget, store, sequences, models), options, time);
        }
        catch
        {
            while (opened.TryPop(out var part)) part.Dispose();
            throw;
        }
    }

    /// <summary>Ends loads that are under way and frees everything; nothing may run any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await Pool.CloseAsync().ConfigureAwait(false);
        Blocks.Dispose();
        kv.Dispose();
        Backend.Dispose();
    }

    private static OptionPath ModelAt(int index) => new(OptionTable.Models, Invariant($"{index}"));

    private static PoolEntry MakeEntry(PacedCheckpoint checkpoint, IBackend backend, HeliosOptions options, ModelSource source, EngineStrategies strategies, TimeProvider time)
    {
        var info = checkpoint.Info;
        var tokenizer = strategies.Tokenizers.Select(create => create().TryCreate(info)).FirstOrDefault(made => made is not null) ?? TokenizerFiles.LoadFor(info, source.ChatTemplate);
        var facts = new ModelFacts(
            info,
            Measure(backend, checkpoint, options.Precision),
            backend.MeasureWorkspace(info.Architecture, options.Serving.MaxRowsPerStep),
            new ConfidenceSource(Calibration.FromSidecar(info)));
        return new PoolEntry(checkpoint, tokenizer, facts)
        {
            Chat = ChatFormat.For(info.Name, info.Path, tokenizer, source.ChatTemplate, time),
        };
    }

    private static LoadSize Measure(IBackend backend, PacedCheckpoint checkpoint, Precision precision)
    {
        try
        {
            return backend.Loader.Measure(checkpoint, precision);
        }
        catch (NotSupportedException error)
        {
            throw new InvalidOptionException(new OptionFault(nameof(HeliosOptions.Precision), $"{precision}", "a precision that the backend holds") { Note = error.Message });
        }
    }

    private static IKvStore MakeKvStore(ServingOptions options, IBackend backend, MemoryBudget budget, List<Checkpoint> checkpoints)
    {
        using var measure = backend.CreateKvStore(slabBytes: 1, options.KvBlockTokens);
        var block = checkpoints.Max(checkpoint =>
        {
            var a = checkpoint.Info.Architecture;
            return KvParts.Of(a, a.Layers).All.Max(part => measure.BlockBytes(part.Shape));
        });
        return backend.CreateKvStore(SlabSize.For(options.KvSlabBytes, budget.Limit, block, backend.Device.KvSlabs), options.KvBlockTokens);
    }

    private sealed record DeviceParts(IBackend Backend, MemoryBudget Budget, IKvStore Kv, SequenceTable Sequences, List<PoolEntry> Models);
}

using Helios.Sdk.Backends;
using Helios.Sdk.Cpu.Kernels;
using Helios.Sdk.Cpu.Loading;
using Helios.Sdk.Cpu.Memory;
using Helios.Sdk.Cpu.Model;
using Helios.Sdk.Cpu.Threading;
using Helios.Sdk.Models;

namespace Helios.Sdk.Cpu;

/// <summary>
/// Runs models on the CPU in managed code: packed weights, the widest vectors of the machine, one pool of threads.
/// Results do not depend, bit for bit, on the batch, on the chunks of prompts, or on the number of threads.
/// </summary>
public sealed class CpuBackend : IBackend
{
    private readonly AllocationCounter counter = new();
    private readonly CpuKernels kernels;
    private readonly WorkerPool pool;
    private readonly Precision kvPrecision;

    /// <summary>Creates a backend and starts its threads.</summary>
    /// <param name="options">Options; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine has no vectors of the requested width.</exception>
    public CpuBackend(CpuOptions? options = null)
    {
        var threads = options?.Threads ?? Environment.ProcessorCount;
        if (threads is < 1 or > CpuOptions.MostThreads) throw new ArgumentOutOfRangeException(nameof(options), threads, $"Threads lies in 1..{CpuOptions.MostThreads}.");
        kvPrecision = options?.KvPrecision ?? Precision.Fp32;
        if (kvPrecision is not (Precision.Fp32 or Precision.Bf16)) throw new ArgumentOutOfRangeException(nameof(options), kvPrecision, "KvPrecision is Fp32 or Bf16.");
        kernels = CpuKernels.For(options?.VectorWidth);
        pool = new WorkerPool(threads);
        Loader = new CpuLayerLoader(counter);
        Device = new DeviceInfo(
            "cpu",
            Invariant($"{threads} {(threads == 1 ? "thread" : "threads")}, {kernels.VectorWidth}-bit vectors{(kvPrecision == Precision.Bf16 ? ", BF16 KV" : "")}, {Processor.Name}"),
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            Warning = options?.VectorWidth is null ? NarrowVectors.Warning : null,
        };
    }

    /// <inheritdoc/>
    public DeviceInfo Device { get; }

    /// <inheritdoc/>
    public ILayerLoader Loader { get; }

    /// <summary>Bytes of native memory that this backend's objects hold now; 0 after all of them are disposed.</summary>
    public long AllocatedBytes => counter.Bytes;

    /// <inheritdoc/>
    public IKvStore CreateKvStore(long slabBytes, int tokensPerBlock) => new CpuKvStore(counter, slabBytes, tokensPerBlock, kvPrecision);

    /// <inheritdoc/>
    public long MeasureWorkspace(ModelArchitecture architecture, int maxRows)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        return Workspace.Measure(architecture, maxRows, pool.Threads);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A part comes from another backend, or the reservation is too small.</exception>
    public ILayeredModel Compose(IFixedPart fixedPart, IKvStore kv, int maxRows, MemoryReservation bytes)
    {
        if (fixedPart is not CpuFixedPart part) throw new ArgumentException("The fixed part was not loaded by this backend.", nameof(fixedPart));
        if (kv is not CpuKvStore store) throw new ArgumentException("The KV store was not made by this backend.", nameof(kv));
        Reservations.Fit(bytes, MeasureWorkspace(part.Architecture, maxRows));
        try
        {
            var space = new Workspace(counter, part.Architecture, maxRows, pool.Threads);
            return new CpuLayeredModel(part, kernels, pool, new CpuStepRows(part.Architecture, store, maxRows), space, bytes);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Stops the threads. The owners dispose the backend's objects before this.</summary>
    public void Dispose() => pool.Dispose();
}

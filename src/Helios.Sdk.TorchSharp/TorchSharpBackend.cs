using Helios.Sdk.Backends;
using Helios.Sdk.Models;
using Helios.Sdk.TorchSharp.Devices;
using Helios.Sdk.TorchSharp.Loading;
using Helios.Sdk.TorchSharp.Memory;
using Helios.Sdk.TorchSharp.Model;
using TorchSharp;

namespace Helios.Sdk.TorchSharp;

/// <summary>
/// Runs models with TorchSharp on a CUDA device, or on torch's CPU. On a GPU a row's results may differ in their last bits with the rows
/// that share its step, because torch chooses kernels by size; so greedy answers agree up to near-ties.
/// </summary>
public sealed class TorchSharpBackend : IBackend
{
    private const long UsualAttentionBytes = 256 << 20;

    // Few slabs: a step reads and writes keys and values of each in a kernel of its own.
    private const int KvSlabs = 16;

    private readonly AllocationCounter counter = new();
    private readonly TorchDevice device;
    private readonly ScalarType kvType;
    private readonly long attentionBytes;

    /// <summary>Opens the device.</summary>
    /// <param name="options">Options; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    /// <exception cref="PlatformNotSupportedException">The device, its driver or torch's native libraries are missing; the message says which, and the remedy.</exception>
    public TorchSharpBackend(TorchSharpOptions? options = null)
    {
        options ??= new TorchSharpOptions();
        if (options.AttentionBytes < TorchSharpOptions.LeastAttentionBytes) throw new ArgumentOutOfRangeException(nameof(options), options.AttentionBytes, $"AttentionBytes is {TorchSharpOptions.LeastAttentionBytes} or more.");
        if (options.KvPrecision is not (null or Precision.Fp32 or Precision.Bf16 or Precision.Fp16))
            throw new ArgumentOutOfRangeException(nameof(options), options.KvPrecision, "KvPrecision is Fp32, Bf16 or Fp16.");
        device = TorchDevice.Open(options.Device);
        var kvPrecision = options.KvPrecision ?? (device.IsCuda ? Precision.Bf16 : Precision.Fp32);
        kvType = Elements.TypeOf(kvPrecision);
        if (!device.Computes(kvType)) throw new ArgumentOutOfRangeException(nameof(options), kvPrecision, $"{device.Name} does not compute in Fp16: KvPrecision is Fp32 or Bf16.");
        attentionBytes = options.AttentionBytes ?? Math.Max(UsualAttentionBytes, device.IsCuda ? device.TotalMemory / 128 : 0);
        Loader = new TorchLayerLoader(device, counter);
        Device = new DeviceInfo(device.Name, $"{device.Description}, {kvPrecision} KV", device.TotalMemory) { KvSlabs = device.IsCuda ? KvSlabs : null };
    }

    /// <inheritdoc/>
    public DeviceInfo Device { get; }

    /// <inheritdoc/>
    public ILayerLoader Loader { get; }

    /// <summary>
    /// Bytes of device memory that this backend's objects claim now: weights and KV as they are allocated, activations
    /// at their bound. 0 after all of them are disposed. Torch caches freed memory, so the driver counts more.
    /// </summary>
    public long AllocatedBytes => counter.Bytes;

    /// <inheritdoc/>
    public long? FreeBytes => device.IsCuda ? CudaDriver.TryReadFree(device.Handle.index) : null;

    /// <inheritdoc/>
    public IKvStore CreateKvStore(long slabBytes, int tokensPerBlock) => new TorchKvStore(device, counter, slabBytes, tokensPerBlock, kvType);

    /// <inheritdoc/>
    /// <remarks>
    /// Torch allocates activations as a step needs them: this is an upper bound for one time, in FP32. Memory of CUDA and its libraries,
    /// some hundred MiB per process, is not counted: leave room for it beside the budget.
    /// </remarks>
    public long MeasureWorkspace(ModelArchitecture architecture, int maxRows)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        return Activations.Bound(architecture, maxRows, attentionBytes, Activations.Fuses(device, architecture));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A part comes from another backend, or the reservation is too small.</exception>
    public ILayeredModel Compose(IFixedPart fixedPart, IKvStore kv, int maxRows, MemoryReservation bytes)
    {
        if (fixedPart is not TorchFixedPart part) throw new ArgumentException("The fixed part was not loaded by this backend.", nameof(fixedPart));
        if (kv is not TorchKvStore store) throw new ArgumentException("The KV store was not made by this backend.", nameof(kv));
        Reservations.Fit(bytes, MeasureWorkspace(part.Architecture, maxRows));
        try
        {
            var rows = new TorchStepRows(part.Architecture, store, maxRows);
            return new TorchLayeredModel(part, rows, new StepConstants(part, store, device), attentionBytes, new ActivationClaim(counter, bytes));
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Frees nothing itself: the owners dispose the backend's objects before this.</summary>
    public void Dispose()
    {
    }
}

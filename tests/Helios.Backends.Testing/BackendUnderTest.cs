using Helios.Sdk.Backends;
using Helios.Sdk.Models;

namespace Helios.Backends.Testing;

/// <summary>
/// A backend as its contract sees it: how it is made, what it can hold, and how near it comes. A test project has one, and
/// derives a class from each contract.
/// </summary>
public abstract class BackendUnderTest
{
    /// <summary>Whether a row's results are the same bits in any batch, however prompts are cut and whatever the parallelism.</summary>
    public abstract bool BitExact { get; }

    /// <summary>
    /// Ways of computing that this machine has and that share no results: vector widths, devices. What depends on them is
    /// tested for each. None is the default.
    /// </summary>
    public virtual IReadOnlyList<string> Variants => [""];

    /// <summary>How weights can be held; <see cref="Precision.Fp32"/> and <see cref="Precision.Bf16"/> at least.</summary>
    public abstract IReadOnlyList<Precision> Precisions { get; }

    /// <summary>How keys and values can be held; the first is the default.</summary>
    public abstract IReadOnlyList<Precision> KvPrecisions { get; }

    /// <summary>
    /// Whether <see cref="ToleranceOf"/> holds for a model. It may not where activations have few bits: a close choice between experts turns, or
    /// a table of positions drowns the tokens.
    /// </summary>
    /// <param name="weights">How weights are held; never <see cref="Precision.Auto"/>.</param>
    /// <param name="architecture">The model.</param>
    public virtual bool IsNear(Precision weights, ModelArchitecture architecture) => true;

    /// <summary>Makes a backend. The caller disposes it.</summary>
    /// <param name="setup">What of it matters to a test.</param>
    /// <exception cref="SkipException">The machine has not what the backend needs: the test skips, and says so.</exception>
    public abstract IBackend Create(BackendSetup setup = default);

    /// <summary>Bytes held at present on the device by all that a backend made; still to be had once it is disposed.</summary>
    /// <param name="backend">A backend that <see cref="Create"/> made.</param>
    public abstract long AllocatedBytes(IBackend backend);

    /// <summary>How near results come to a float64 reference on the weights as they are held.</summary>
    /// <param name="weights">How weights are held; never <see cref="Precision.Auto"/>.</param>
    /// <param name="kv">How keys and values are held.</param>
    public abstract Tolerance ToleranceOf(Precision weights, Precision kv);

    /// <summary>The numbers of a matrix as a precision holds them.</summary>
    /// <param name="precision">How it is held; never <see cref="Precision.Auto"/>.</param>
    /// <param name="role">What the matrix is for.</param>
    /// <param name="matrix">Row by row.</param>
    /// <param name="columns">Numbers of a row.</param>
    public virtual float[] Held(Precision precision, TensorRole role, float[] matrix, int columns) => precision switch
    {
        Precision.Fp32 => matrix,
        Precision.Bf16 => [.. matrix.Select(NearestBf16)],
        _ => throw new NotSupportedException($"{GetType().Name} does not say what {precision} makes of a matrix."),
    };

    // Ties to even, by carrying into the half that stays.
    private static float NearestBf16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}

/// <summary>What of a backend matters to a test; null where the backend may choose.</summary>
/// <param name="Variant">One of <see cref="BackendUnderTest.Variants"/>.</param>
/// <param name="Threads">Threads that compute, for a backend that has a say in that.</param>
/// <param name="KvPrecision">One of <see cref="BackendUnderTest.KvPrecisions"/>.</param>
public readonly record struct BackendSetup(string? Variant = null, int? Threads = null, Precision? KvPrecision = null);

/// <summary>How far a result may be off.</summary>
/// <param name="LogProbability">Of any token, in nats; of an entropy too.</param>
/// <param name="LogProbabilityOnAverage">Root of the mean square over the tokens of a text.</param>
/// <param name="Probability">Of any token, and of a margin.</param>
public sealed record Tolerance(double LogProbability, double LogProbabilityOnAverage, double Probability);

using System.Globalization;

namespace Helios.Sdk.Cpu;

/// <summary>The CPU backend by its name, <c>cpu</c>, with the settings <c>Threads</c>, <c>VectorWidth</c> and <c>KvPrecision</c>.</summary>
/// <param name="options">Options where no setting says otherwise; null for the defaults.</param>
public sealed class CpuBackendFactory(CpuOptions? options = null) : IBackendFactory
{
    private readonly CpuOptions defaults = options ?? new CpuOptions();

    /// <inheritdoc/>
    public string Name => "cpu";

    /// <inheritdoc/>
    public IBackend Create(IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var merged = new CpuOptions { Threads = defaults.Threads, VectorWidth = defaults.VectorWidth, KvPrecision = defaults.KvPrecision };
        foreach (var (name, text) in settings) Set(merged, name, text);
        return new CpuBackend(merged);
    }

    private static void Set(CpuOptions options, string name, string text)
    {
        if (Is(nameof(options.Threads)))
            options.Threads = Number($"1 to {CpuOptions.MostThreads}", number => number is >= 1 and <= CpuOptions.MostThreads);
        else if (Is(nameof(options.VectorWidth)))
            options.VectorWidth = Number("128, 256 or 512", number => number is 128 or 256 or 512);
        else if (Is(nameof(options.KvPrecision)))
            options.KvPrecision = text.ToUpperInvariant() switch { "FP32" => Precision.Fp32, "BF16" => Precision.Bf16, _ => throw Wrong("Fp32 or Bf16") };
        else
            throw new ArgumentException($"{name} is unknown; the CPU backend has {nameof(options.Threads)}, {nameof(options.VectorWidth)} and {nameof(options.KvPrecision)}.", nameof(name));

        bool Is(string known) => string.Equals(name, known, StringComparison.OrdinalIgnoreCase);
        int Number(string expected, Predicate<int> accepts) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && accepts(number) ? number : throw Wrong(expected);
        ArgumentException Wrong(string expected) => new($"{name} is '{text}'; expected {expected}.", nameof(text));
    }
}

using System.Globalization;
using Helios.Sdk.Backends;

namespace Helios.Sdk.Cpu;

/// <summary>The CPU backend by its name, <c>cpu</c>, with the settings <c>Threads</c>, <c>VectorWidth</c> and <c>KvPrecision</c>.</summary>
/// <param name="options">Options without a setting; null for the defaults.</param>
public sealed class CpuBackendFactory(CpuOptions? options = null) : IBackendFactory
{
    private readonly CpuOptions defaults = options ?? new CpuOptions();

    /// <inheritdoc/>
    public string Name => "cpu";

    /// <inheritdoc/>
    public IReadOnlyList<OptionFault> Check(IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var unused = new CpuOptions();
        return [.. settings.Select(setting => Set(unused, setting.Key, setting.Value)).OfType<OptionFault>()];
    }

    /// <inheritdoc/>
    public IBackend Create(IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var merged = new CpuOptions { Threads = defaults.Threads, VectorWidth = defaults.VectorWidth, KvPrecision = defaults.KvPrecision };
        foreach (var (name, text) in settings)
        {
            if (Set(merged, name, text) is { } wrong) throw new InvalidOptionException(wrong);
        }

        return new CpuBackend(merged);
    }

    /// <summary>Sets an option; what is wrong with the setting, or null.</summary>
    private static OptionFault? Set(CpuOptions options, string name, string text)
    {
        if (Is(nameof(options.Threads)))
        {
            options.Threads = Number();
            return options.Threads is >= 1 and <= CpuOptions.MostThreads ? null : Wrong($"1 to {CpuOptions.MostThreads}");
        }

        if (Is(nameof(options.VectorWidth)))
        {
            options.VectorWidth = Number();
            return options.VectorWidth is 128 or 256 or 512 ? null : Wrong("128, 256 or 512");
        }

        if (!Is(nameof(options.KvPrecision))) return new OptionFault(name, "unknown", $"{nameof(options.Threads)}, {nameof(options.VectorWidth)} or {nameof(options.KvPrecision)}");
        var isBf16 = string.Equals(text, nameof(Precision.Bf16), StringComparison.OrdinalIgnoreCase);
        options.KvPrecision = isBf16 ? Precision.Bf16 : Precision.Fp32;
        return isBf16 || string.Equals(text, nameof(Precision.Fp32), StringComparison.OrdinalIgnoreCase) ? null : Wrong("Fp32 or Bf16");

        bool Is(string known) => string.Equals(name, known, StringComparison.OrdinalIgnoreCase);
        int? Number() => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        OptionFault Wrong(string expected) => new(name, $"'{text}'", expected);
    }
}

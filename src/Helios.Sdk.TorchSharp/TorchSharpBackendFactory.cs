using System.Globalization;
using Helios.Sdk.Backends;
using Helios.Sdk.TorchSharp.Devices;

namespace Helios.Sdk.TorchSharp;

/// <summary>
/// The TorchSharp backend by its name, <c>torchsharp</c>, with the settings <c>Device</c>, <c>KvPrecision</c> and
/// <c>AttentionBytes</c>.
/// </summary>
/// <param name="options">Options without a setting; null for the defaults.</param>
public sealed class TorchSharpBackendFactory(TorchSharpOptions? options = null) : IBackendFactory
{
    private readonly TorchSharpOptions defaults = options ?? new TorchSharpOptions();

    /// <inheritdoc/>
    public string Name => "torchsharp";

    /// <inheritdoc/>
    public IReadOnlyList<OptionFault> Check(IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var unused = new TorchSharpOptions();
        return [.. settings.Select(setting => Set(unused, setting.Key, setting.Value)).OfType<OptionFault>()];
    }

    /// <inheritdoc/>
    public IBackend Create(IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var merged = new TorchSharpOptions { Device = defaults.Device, KvPrecision = defaults.KvPrecision, AttentionBytes = defaults.AttentionBytes };
        foreach (var (name, text) in settings)
        {
            if (Set(merged, name, text) is { } wrong) throw new InvalidOptionException(wrong);
        }

        return new TorchSharpBackend(merged);
    }

    /// <summary>Sets an option; what is wrong with the setting, or null.</summary>
    private static OptionFault? Set(TorchSharpOptions options, string name, string text)
    {
        if (Is(nameof(options.Device)))
        {
            options.Device = text;
            return TorchDevice.IsName(text) ? null : Wrong(TorchDevice.Names);
        }

        if (Is(nameof(options.KvPrecision)))
        {
            options.KvPrecision = text.ToUpperInvariant() switch { "FP32" => Precision.Fp32, "BF16" => Precision.Bf16, "FP16" => Precision.Fp16, _ => null };
            return options.KvPrecision is null ? Wrong("Fp32, Bf16 or Fp16") : null;
        }

        if (!Is(nameof(options.AttentionBytes)))
            return new OptionFault(name, "unknown", $"{nameof(options.Device)}, {nameof(options.KvPrecision)} or {nameof(options.AttentionBytes)}");
        options.AttentionBytes = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : null;
        return options.AttentionBytes >= TorchSharpOptions.LeastAttentionBytes ? null : Wrong($"a number of bytes from {TorchSharpOptions.LeastAttentionBytes}");

        bool Is(string known) => string.Equals(name, known, StringComparison.OrdinalIgnoreCase);
        OptionFault Wrong(string expected) => new(name, $"'{text}'", expected);
    }
}

using System.Globalization;

namespace Helios.Sdk.TorchSharp;

/// <summary>
/// The TorchSharp backend by its name, <c>torchsharp</c>, with the settings <c>Device</c>, <c>KvPrecision</c> and
/// <c>AttentionBytes</c>.
/// </summary>
/// <param name="options">Options where no setting says otherwise; null for the defaults.</param>
public sealed class TorchSharpBackendFactory(TorchSharpOptions? options = null) : IBackendFactory
{
    private readonly TorchSharpOptions defaults = options ?? new TorchSharpOptions();

    /// <inheritdoc/>
    public string Name => "torchsharp";

    /// <inheritdoc/>
    public IBackend Create(IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var merged = new TorchSharpOptions { Device = defaults.Device, KvPrecision = defaults.KvPrecision, AttentionBytes = defaults.AttentionBytes };
        foreach (var (name, text) in settings) Set(merged, name, text);
        return new TorchSharpBackend(merged);
    }

    private static void Set(TorchSharpOptions options, string name, string text)
    {
        if (Is(nameof(options.Device)))
            options.Device = text;
        else if (Is(nameof(options.KvPrecision)))
            options.KvPrecision = text.ToUpperInvariant() switch { "FP32" => Precision.Fp32, "BF16" => Precision.Bf16, "FP16" => Precision.Fp16, _ => throw Wrong("Fp32, Bf16 or Fp16") };
        else if (Is(nameof(options.AttentionBytes)))
            options.AttentionBytes = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : throw Wrong("a number of bytes");
        else
            throw new ArgumentException($"{name} is unknown; the TorchSharp backend has {nameof(options.Device)}, {nameof(options.KvPrecision)} and {nameof(options.AttentionBytes)}.", nameof(name));

        bool Is(string known) => string.Equals(name, known, StringComparison.OrdinalIgnoreCase);
        ArgumentException Wrong(string expected) => new($"{name} is '{text}'; expected {expected}.", nameof(text));
    }
}

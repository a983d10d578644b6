using System.CommandLine;
using System.CommandLine.Parsing;
using Helios.Sdk;
using Helios.Sdk.Cpu;

namespace Helios.Cli.Options;

/// <summary>Where models run and how their weights are held.</summary>
internal sealed class DeviceOptions
{
    private static readonly string[] Precisions = ["auto", "fp32", "bf16", "int8", "int4"];

    private readonly Option<string> device = new("--device")
    {
        Description = "Device to run on: cpu.",
        HelpName = "cpu|cuda[:n]",
        DefaultValueFactory = _ => "cpu",
    };

    private readonly Option<string> precision = new("--precision")
    {
        Description = "How weights are held: auto (as stored, F16 as fp32), fp32, bf16, int8 or int4 (quantised while loading).",
        HelpName = "auto|fp32|bf16|int8|int4",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<int?> threads = new("--threads")
    {
        Description = "Threads that compute; the processors of this process by default.",
        HelpName = "N",
    };

    public DeviceOptions()
    {
        device.Validators.Add(CheckDevice);
        precision.Validators.Add(CheckPrecision);
        threads.MustBe(value => value is >= 1 and <= 1024, "1 to 1024");
    }

    public void AddTo(Command command)
    {
        command.Add(device);
        command.Add(precision);
        command.Add(threads);
    }

    public DeviceChoice Read(ParseResult parsed) => new(
        Enum.Parse<Precision>(parsed.GetValue(precision)!, ignoreCase: true),
        parsed.GetValue(threads));

    private static void CheckDevice(OptionResult result)
    {
        var text = result.GetValueOrDefault<string>();
        if (text is null or "cpu") return;
        result.AddError(Later.Device(text) ?? $"--device is '{text}'; expected cpu or cuda[:n].");
    }

    private static void CheckPrecision(OptionResult result)
    {
        var text = result.GetValueOrDefault<string>();
        if (text is null || Precisions.Contains(text, StringComparer.Ordinal)) return;
        result.AddError($"--precision is '{text}'; expected {string.Join(", ", Precisions)}.");
    }
}

/// <summary>Where models run and how their weights are held.</summary>
/// <param name="Precision">How weights are held.</param>
/// <param name="Threads">Threads that compute; null for the default.</param>
internal sealed record DeviceChoice(Precision Precision, int? Threads)
{
    public CpuBackend CreateBackend() => new(new CpuOptions { Threads = Threads });

    /// <summary>Starts composing an engine that runs here.</summary>
    public HeliosBuilder CreateBuilder()
    {
        var builder = HeliosEngine.CreateBuilder();
        builder.UseCpu(options => options.Threads = Threads).Configure(options => options.Precision = Precision);
        return builder;
    }
}

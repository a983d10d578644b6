using System.CommandLine;
using System.CommandLine.Parsing;
using Helios.Sdk;
using Helios.Sdk.Cpu;
using Helios.Sdk.Naming;

namespace Helios.Cli.Options;

/// <summary>Where models run and how their keys and values are kept.</summary>
internal sealed class BackendOptions
{
    private readonly Option<string> device = new("--device")
    {
        Description = "Device to run on: cpu.",
        HelpName = "cpu|cuda[:n]",
        DefaultValueFactory = _ => "cpu",
    };

    private readonly Option<int?> threads = new("--threads")
    {
        Description = "Threads that compute; the processors of this process by default.",
        HelpName = "N",
    };

    private readonly Option<Precision?> kvPrecision = PrecisionOption.One(
        "--kv-precision", "How keys and values are kept: fp32, the default, or bf16 at half the bytes.", [Precision.Fp32, Precision.Bf16]);

    public BackendOptions()
    {
        device.Validators.Add(CheckDevice);
        threads.MustBe(value => value is >= 1 and <= 1024, "1 to 1024");
    }

    public void AddTo(Command command)
    {
        command.Add(device);
        command.Add(threads);
        command.Add(kvPrecision);
    }

    public BackendChoice Read(ParseResult parsed) => new(parsed.GetValue(threads), parsed.GetValue(kvPrecision) ?? Precision.Fp32);

    private static void CheckDevice(OptionResult result)
    {
        var text = result.GetValueOrDefault<string>();
        if (text is null || Names.Same(text, "cpu")) return;
        result.AddError(Later.Device(text) ?? $"--device is '{text}'; expected cpu or cuda[:n].{NearMiss.Ask(text, ["cpu", "cuda"])}");
    }
}

/// <summary>Where models run and how their keys and values are kept.</summary>
/// <param name="Threads">Threads that compute; null for the default.</param>
/// <param name="KvPrecision">How keys and values are kept.</param>
internal sealed record BackendChoice(int? Threads, Precision KvPrecision)
{
    public CpuBackend Create()
    {
        var options = new CpuOptions();
        Apply(options);
        return new CpuBackend(options);
    }

    public void Apply(CpuOptions options)
    {
        options.Threads = Threads;
        options.KvPrecision = KvPrecision;
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Helios.Sdk;
using Helios.Sdk.Backends;
using Helios.Sdk.Naming;

namespace Helios.Cli.Options;

/// <summary>Where models run and how their keys and values are kept.</summary>
internal sealed class BackendOptions
{
    private const string Cuda = "cuda";

    private readonly Option<string?> backend = new("--backend")
    {
        Description = "Backend that runs models: cpu (managed code) or torchsharp; by default the device decides.",
        HelpName = "cpu|torchsharp",
    };

    private readonly Option<string?> device = new("--device")
    {
        Description = "Device to run on: cpu (the default) or cuda[:n] (TorchSharp, and its default).",
        HelpName = "cpu|cuda[:n]",
    };

    private readonly Option<int?> threads = new("--threads")
    {
        Description = "Threads that compute, on the backend cpu; the processors of this process by default.",
        HelpName = "N",
    };

    private readonly Option<Precision?> kvPrecision = PrecisionOption.One(
        "--kv-precision", "Precision of keys and values: fp32, or bf16 with half the bytes (the default on cuda).", [Precision.Fp32, Precision.Bf16]);

    public BackendOptions() => threads.MustBe(value => value is >= 1 and <= 1024, "1 to 1024");

    public void AddTo(Command command)
    {
        command.Add(backend);
        command.Add(device);
        command.Add(threads);
        command.Add(kvPrecision);
        command.Validators.Add(Check);
    }

    public BackendChoice Read(ParseResult parsed)
    {
        var (name, place) = Choose(parsed.GetValue(backend), parsed.GetValue(device));
        var kv = parsed.GetValue(kvPrecision) ?? (IsCuda(place) ? Precision.Bf16 : Precision.Fp32);
        return new BackendChoice(name, place, parsed.GetValue(threads), kv);
    }

    private void Check(CommandResult result)
    {
        var (named, placed) = (result.GetValue(backend), result.GetValue(device));
        var (name, place) = Choose(named, placed);
        if (!Names.Same(name, BuiltInBackends.Cpu) && !Names.Same(name, BuiltInBackends.TorchSharp))
            result.AddError($"--backend is '{name}'; expected cpu or torchsharp.{NearMiss.Ask(name, [BuiltInBackends.Cpu, BuiltInBackends.TorchSharp])}");
        else if (!Names.Same(place, BuiltInBackends.Cpu) && !IsCuda(place))
            result.AddError($"--device is '{place}'; expected cpu or cuda[:n].{NearMiss.Ask(place, ["cpu", Cuda])}");
        else if (Names.Same(name, BuiltInBackends.Cpu) && IsCuda(place))
            result.AddError($"--backend cpu does not run on --device {place}; expected --backend torchsharp, or none.");
        else if (BuiltInBackends.Find(name) is null)
            result.AddError($"{(named is null ? "--device" : "--backend")} is '{named ?? placed}', which is not in this build of helios: it was built with HeliosTorchSharp=false.");
        else if (Names.Same(name, BuiltInBackends.TorchSharp) && result.GetValue(threads) is not null)
            result.AddError("--threads is for --backend cpu; torch takes OMP_NUM_THREADS from the environment.");
    }

    /// <summary>Backend and device: each goes by the other where it is not said.</summary>
    private static (string Backend, string Device) Choose(string? backend, string? device)
    {
        backend ??= device is not null && IsCuda(device) ? BuiltInBackends.TorchSharp : BuiltInBackends.Cpu;
        return (backend, device ?? (Names.Same(backend, BuiltInBackends.TorchSharp) ? Cuda : BuiltInBackends.Cpu));
    }

    private static bool IsCuda(string device) =>
        Names.Same(device, Cuda)
        || (device.StartsWith($"{Cuda}:", StringComparison.OrdinalIgnoreCase) && int.TryParse(device.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _));
}

/// <summary>Where models run and how their keys and values are kept.</summary>
/// <param name="Backend">Name of a backend that this build has.</param>
/// <param name="Device">Device that it runs on.</param>
/// <param name="Threads">Threads that compute on the CPU backend; null for the default.</param>
/// <param name="KvPrecision">How keys and values are kept.</param>
internal sealed record BackendChoice(string Backend, string Device, int? Threads, Precision KvPrecision)
{
    /// <summary>The CPU backend as it is by default.</summary>
    public static BackendChoice Cpu { get; } = new(BuiltInBackends.Cpu, BuiltInBackends.Cpu, Threads: null, Precision.Fp32);

    /// <summary>Whether models live in the memory of the host.</summary>
    public bool IsOnHost => Names.Same(Device, BuiltInBackends.Cpu);

    /// <summary>Whether a row's results are the same bits in any batch; on torch they are so up to near-ties.</summary>
    public bool IsExact => Names.Same(Backend, BuiltInBackends.Cpu);

    public IBackend Create()
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["KvPrecision"] = KvPrecision.ToString() };
        if (!Names.Same(Backend, BuiltInBackends.Cpu)) settings["Device"] = Device;
        if (Threads is { } threads) settings["Threads"] = threads.ToString(CultureInfo.InvariantCulture);
        return BuiltInBackends.Find(Backend)!.Create(settings);
    }
}

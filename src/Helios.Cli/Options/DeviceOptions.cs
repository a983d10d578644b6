using System.CommandLine;
using Helios.Sdk;

namespace Helios.Cli.Options;

/// <summary>Where models run and how their weights are held.</summary>
internal sealed class DeviceOptions
{
    private readonly BackendOptions backend = new();
    private readonly Option<Precision?> precision = PrecisionOption.One(
        "--precision", "Precision of weights: auto (the default: as stored), fp32, bf16, fp16, int8 or int4 (quantised while loading).", PrecisionOption.Weights);

    public void AddTo(Command command)
    {
        backend.AddTo(command);
        command.Add(precision);
    }

    public DeviceChoice Read(ParseResult parsed) => new(parsed.GetValue(precision) ?? Precision.Auto, backend.Read(parsed));
}

/// <summary>Where models run and how their weights are held.</summary>
/// <param name="Precision">How weights are held.</param>
/// <param name="Backend">Where models run.</param>
internal sealed record DeviceChoice(Precision Precision, BackendChoice Backend)
{
    /// <summary>Starts composing an engine that runs here.</summary>
    public HeliosBuilder CreateBuilder()
    {
        var builder = HeliosEngine.CreateBuilder();
        builder.UseMicrosoftTokenizers().UseBackend(Backend.Create).Configure(options => options.Precision = Precision);
        return builder;
    }
}

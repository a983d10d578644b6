using Helios.Sdk.Adaptation;
using Helios.Sdk.Hosting.Composition;
using Helios.Sdk.Hosting.Requests;
using Helios.Sdk.Telemetry;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Hosting;

/// <summary>
/// The composition root: a device, the loop that serves on it, the loop that decides what it serves, and the entries to both.
/// </summary>
internal static partial class EngineComposition
{
    /// <summary>Composes an engine and starts it. Where that fails, whatever was opened is closed.</summary>
    public static HeliosEngine Start(HeliosOptions options, EngineContext context)
    {
        var device = DeviceModule.Open(options, context.Strategies, context.Time);
        EngineMeter? meter = null;
        try
        {
            meter = new EngineMeter(context.Meters, context.Name);
            return new HeliosEngine(Compose(options, context, device, meter));
        }
        catch
        {
            meter?.Dispose();
            device.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    private static EngineParts Compose(HeliosOptions options, EngineContext context, DeviceModule device, EngineMeter meter)
    {
        var logger = HeliosTelemetry.LoggerOf(context.Logging, context.Name);
        if (device.Backend.Device.Warning is { } warning) LogDeviceWarning(logger, device.Backend.Device.Name, warning);
        var serving = new ServingModule(options, context, device, meter, logger);
        var adaptation = new AdaptationModule(options, context, device, serving, meter, logger);
        var lab = new LabModule(options, device, serving, adaptation, context.Time);
        var overrides = new PointOverrides(device.Pool, device.Routes, adaptation.Profiles, adaptation.Loop.Ready, adaptation.Policies);
        var sequences = new SequenceFactory(device.Pool, device.Routes, overrides, serving.Loop, options.Serving, context.Time);
        StateMetrics.Add(meter, serving.Loop, device.Blocks, device.Pool, device.Backend, adaptation.Energy);
        meter.Observe("helios.encoding.bytes", () => sequences.EncodingBytes, "By", "Host memory that the prompts count for which are being encoded.");
        return new EngineParts(context.Name, options, context.Time, meter, device, serving, adaptation, lab, sequences);
    }

    [LoggerMessage(15, LogLevel.Warning, "Device '{Device}': {Warning}")]
    private static partial void LogDeviceWarning(ILogger logger, string device, string warning);
}

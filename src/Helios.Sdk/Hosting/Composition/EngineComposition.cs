using Helios.Sdk.Adaptation;
using Helios.Sdk.Telemetry;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Hosting.Composition;

/// <summary>
/// The composition root: a device, the loop that serves on it, the loop that decides what it serves, and the doors to both.
/// </summary>
internal static partial class EngineComposition
{
    /// <summary>Composes an engine and starts it. Where that fails, whatever was opened is closed.</summary>
    public static HeliosEngine Start(HeliosOptions options, HeliosBuilder builder)
    {
        var device = DeviceModule.Open(options, builder.Strategies, builder.Time);
        EngineMeter? meter = null;
        try
        {
            meter = new EngineMeter(builder.Meters, builder.Name);
            return new HeliosEngine(Compose(options, builder, device, meter));
        }
        catch
        {
            meter?.Dispose();
            device.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    private static EngineParts Compose(HeliosOptions options, HeliosBuilder builder, DeviceModule device, EngineMeter meter)
    {
        var logger = HeliosTelemetry.LoggerOf(builder.Logging, builder.Name);
        if (device.Backend.Device.Warning is { } warning) LogDeviceWarning(logger, device.Backend.Device.Name, warning);
        var serving = new ServingModule(options, builder, device, meter, logger);
        var adaptation = new AdaptationModule(options, builder, device, serving, meter, logger);
        var lab = new LabModule(options, device, serving, adaptation, builder.Time);
        var overrides = new PointOverrides(device.Pool, device.Routes, adaptation.Profiles, adaptation.Loop.Ready, adaptation.Policies);
        var door = new RequestDoor(device.Pool, device.Routes, overrides, serving.Loop, options.Serving.MaxQueueTime, builder.Time);
        StateMetrics.Add(meter, serving.Loop, device.Blocks, device.Pool, device.Backend, adaptation.Energy);
        return new EngineParts(builder.Name, options, builder.Time, meter, device, serving, adaptation, lab, door);
    }

    [LoggerMessage(15, LogLevel.Warning, "Device '{Device}': {Warning}")]
    private static partial void LogDeviceWarning(ILogger logger, string device, string warning);
}

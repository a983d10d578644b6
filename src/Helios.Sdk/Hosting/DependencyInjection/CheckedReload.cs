using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Helios.Sdk.Hosting.DependencyInjection;

/// <summary>
/// Notifies the options monitor of a reloaded section once the options in it are found good. A section that is not is logged, and
/// the monitor keeps the options it has: the active point goes on serving, and nothing is thrown at the code that reloads.
/// </summary>
internal sealed partial class CheckedReload : IOptionsChangeTokenSource<HeliosOptions>, IDisposable
{
    private readonly IOptionsFactory<HeliosOptions> factory;
    private readonly ILogger logger;
    private readonly IDisposable subscription;
    private CancellationTokenSource changed = new();
    private string? refused;

    public CheckedReload(EngineRegistration registration, IOptionsFactory<HeliosOptions> factory, ILoggerFactory? logging = null)
    {
        Name = registration.Name;
        this.factory = factory;
        logger = HeliosTelemetry.LoggerOf(logging ?? NullLoggerFactory.Instance, registration.Name);
        subscription = ChangeToken.OnChange(registration.Configuration!.GetReloadToken, Check);
    }

    public string Name { get; }

    public IChangeToken GetChangeToken() => new CancellationChangeToken(Volatile.Read(ref changed).Token);

    public void Dispose()
    {
        subscription.Dispose();
        changed.Dispose();
    }

    private void Check()
    {
        try
        {
            factory.Create(Name);
        }
        catch (OptionsValidationException error)
        {
            // A change of something else reloads it too.
            var failures = string.Join(" ", error.Failures);
            if (Interlocked.Exchange(ref refused, failures) != failures) LogRefused(logger, failures);
            return;
        }

        if (Interlocked.Exchange(ref refused, null) is not null) LogPutRight(logger);

        using var before = Interlocked.Exchange(ref changed, new CancellationTokenSource());
        before.Cancel();
    }

    [LoggerMessage(26, LogLevel.Information, "The configuration is valid again and is applied")]
    private static partial void LogPutRight(ILogger logger);

    [LoggerMessage(20, LogLevel.Error, "The reloaded configuration is refused; the former one stays in force: {Failures}")]
    private static partial void LogRefused(ILogger logger, string failures);
}

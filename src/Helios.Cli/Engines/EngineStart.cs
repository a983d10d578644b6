using System.Collections.Concurrent;
using Helios.Sdk;

namespace Helios.Cli.Engines;

/// <summary>Waits for an engine to serve; when it cannot, says what became of every load.</summary>
internal static class EngineStart
{
    public static async Task WaitAsync(HeliosEngine engine, CancellationToken cancellationToken)
    {
        var refused = new ConcurrentQueue<string>();
        using var observing = engine.Observe(happened =>
        {
            if (happened is AdaptationEvent.LoadFailed failed) refused.Enqueue($"{failed.Target}: {failed.Reason}");
        });
        try
        {
            await engine.Ready.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (HeliosException error) when (!refused.IsEmpty)
        {
            throw new HeliosException($"No model could be loaded ({string.Join("; ", refused.Distinct(StringComparer.Ordinal))}).", error);
        }
    }
}

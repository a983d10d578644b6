using Helios.Sdk.Hosting.Strategies;
using Helios.Sdk.Naming;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Hosting.Composition;

/// <summary>Warns of orders that the application added to no effect.</summary>
internal static partial class UnusedOrders
{
    /// <param name="logger">Log of the engine.</param>
    /// <param name="chosen">The order of the options.</param>
    /// <param name="strategies">What was added.</param>
    public static void Warn(ILogger logger, string chosen, EngineStrategies strategies)
    {
        var added = strategies.RequestOrders.Select(create => create().Name).Distinct(StringComparer.Ordinal).ToList();
        if (added.Count == 0) return;
        if (strategies.Scheduler is not null) LogUnusedOrders(logger, string.Join(", ", added), "the scheduler that was added has an order of its own");
        else if (!added.Exists(order => Names.Same(order, chosen))) LogUnusedOrders(logger, string.Join(", ", added), $"Serving.Order is '{chosen}'");
    }

    [LoggerMessage(12, LogLevel.Warning, "Orders were added but are not used ({Orders}): {Because}")]
    private static partial void LogUnusedOrders(ILogger logger, string orders, string because);
}

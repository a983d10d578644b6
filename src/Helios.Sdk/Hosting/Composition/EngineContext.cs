using System.Diagnostics.Metrics;
using Helios.Sdk.Hosting.Strategies;
using Microsoft.Extensions.Logging;

namespace Helios.Sdk.Hosting.Composition;

/// <summary>What an engine takes from the application around it.</summary>
/// <param name="Name">Distinguishes engines of one container; empty for the one without a name.</param>
/// <param name="Strategies">What the application brings along.</param>
/// <param name="Time">Clock.</param>
/// <param name="Logging">Makes the loggers.</param>
/// <param name="Meters">Makes the meter; null when the engine makes its own.</param>
internal sealed record EngineContext(string Name, EngineStrategies Strategies, TimeProvider Time, ILoggerFactory Logging, IMeterFactory? Meters);

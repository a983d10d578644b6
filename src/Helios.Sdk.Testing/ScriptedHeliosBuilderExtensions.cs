using Helios.Sdk.Testing;

namespace Helios.Sdk;

/// <summary>Runs an engine on scripted models.</summary>
public static class ScriptedHeliosBuilderExtensions
{
    /// <summary>Adds scripted models to the pool, and the backend on which they run.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="models">The models; the caller disposes them after the engine.</param>
    /// <returns>The same builder.</returns>
    public static TBuilder UseScripted<TBuilder>(this TBuilder builder, params ScriptedModel[] models)
        where TBuilder : IHeliosBuilder =>
        UseScripted(builder, clock: null, models);

    /// <summary>Adds scripted models with a clock that every layer of a step advances; give the engine that clock too.</summary>
    /// <typeparam name="TBuilder">The builder's type, so that calls can be chained.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="clock">The engine's clock; null advances none.</param>
    /// <param name="models">The models; the caller disposes them after the engine.</param>
    /// <returns>The same builder.</returns>
    public static TBuilder UseScripted<TBuilder>(this TBuilder builder, ManualClock? clock, params ScriptedModel[] models)
        where TBuilder : IHeliosBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(models);
        builder.Configure(options =>
        {
            foreach (var model in models) options.Models.Add(new ModelSource(model.Name, model.Path));
        });
        builder.UseBackend(() => new ScriptedBackend(models, clock));
        return builder;
    }
}

using Helios.Sdk.Diagnostics;
using Helios.Sdk.Hosting.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Helios.Sdk.Hosting.DependencyInjection;

/// <summary>
/// Brings a running engine to follow its options when they are reloaded: objective, memory budget and limits take effect at
/// once, the rest is said to wait for the next start. What the engine refuses is logged, and what was in force stays so.
/// </summary>
internal sealed partial class OptionsFollower : IDisposable
{
    private const string Objective = "Adaptation:Objective";
    private const string Budget = "MemoryBudgetBytes";

    private readonly HeliosEngine engine;
    private readonly EngineRegistration registration;
    private readonly ILogger logger;
    private readonly IDisposable? subscription;
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Followed objective;
    private readonly Followed limits;
    private readonly Followed budget;
    private CancellationTokenSource newer;
    private HeliosOptions seen;

    public OptionsFollower(HeliosEngine engine, EngineRegistration registration, IOptionsMonitor<HeliosOptions> options, ILogger logger)
    {
        this.engine = engine;
        this.registration = registration;
        this.logger = logger;
        newer = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        seen = options.Get(registration.Name);
        objective = new([OptionTable.Find(Objective)], seen);
        budget = new([OptionTable.Find(Budget)], seen);
        limits = new([.. OptionTable.All.Where(option => option.Reloads && option.Path is not (Objective or Budget))], seen);
        subscription = options.OnChange((changed, name) =>
        {
            if (name == registration.Name) Follow(changed);
        });
    }

    /// <summary>Completes when what was reloaded last is in force, or was refused.</summary>
    internal Task Latest { get; private set; } = Task.CompletedTask;

    public void Dispose()
    {
        subscription?.Dispose();
        stopping.Cancel();
    }

    /// <summary>What is reloaded while a former change is still waited for takes its turn behind that, which waits no longer.</summary>
    private void Follow(HeliosOptions changed)
    {
        lock (gate)
        {
            if (stopping.IsCancellationRequested) return;
            WarnOfWhatMustWait(seen, changed);
            seen = changed;
            newer.Cancel();
            newer.Dispose();
            newer = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
            Latest = ApplyAsync(Latest, changed, newer.Token);
        }
    }

    private void WarnOfWhatMustWait(HeliosOptions before, HeliosOptions after)
    {
        foreach (var option in OptionTable.All.Where(option => !option.Reloads && !option.IsSame(before, after)))
        {
            if (option is ListEntry<HeliosOptions>) LogListMustWait(logger, registration.NameOf(option.Path));
            else LogMustWait(logger, registration.NameOf(option.Path), option.Show(before), option.Show(after));
        }
    }

    private async Task ApplyAsync(Task before, HeliosOptions changed, CancellationToken cancellationToken)
    {
        await before.ConfigureAwait(false);
        await ChangeAsync(objective, changed, async () =>
        {
            await engine.SetObjectiveAsync(changed.Adaptation.Objective, cancellationToken).ConfigureAwait(false);
            return null;
        }).ConfigureAwait(false);
        await ChangeAsync(limits, changed, async () =>
        {
            await engine.SetLimitsAsync(ServiceLimits.Of(changed.Adaptation), cancellationToken).ConfigureAwait(false);
            return null;
        }).ConfigureAwait(false);
        await ChangeAsync(budget, changed, async () =>
            (await engine.SetMemoryBudgetAsync(BudgetOf(changed), cancellationToken).ConfigureAwait(false) as BudgetChange.Refused)?.Because).ConfigureAwait(false);
    }

    /// <summary>Makes a change; <paramref name="change"/> says why it is refused if it is.</summary>
    private async Task ChangeAsync(Followed followed, HeliosOptions wanted, Func<Task<string?>> change)
    {
        var changed = followed.ChangedIn(wanted);
        if (changed.Count == 0)
        {
            LogPutRight(followed, wanted);
            return;
        }

        string? refusal;
        try
        {
            followed.IsKnown = false;
            refusal = await change().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Something newer was reloaded, or the engine stops. The change may be made or not.
            return;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or HeliosException)
        {
            refusal = error is InvalidOptionException { Faults: { Count: > 0 } faults } ? string.Join(' ', faults.Select(registration.Describe)) : error.Message;
        }

        followed.IsKnown = true;
        if (refusal is not null)
        {
            foreach (var key in changed.Where(key => followed.IsNewlyRefused(key, wanted))) LogRefused(logger, registration.NameOf(key.Path), key.Show(wanted), refusal);
            return;
        }

        followed.InForce = wanted;
        foreach (var key in changed) LogInForce(logger, registration.NameOf(key.Path), key.Show(wanted));
        LogPutRight(followed, wanted);
    }

    private void LogPutRight(Followed followed, HeliosOptions wanted)
    {
        foreach (var (key, value) in followed.TakeRefused()) LogNoLongerRefused(logger, registration.NameOf(key.Path), value, key.Show(wanted));
    }

    private long BudgetOf(HeliosOptions options) => options.MemoryBudgetBytes ?? DefaultBudget.Of(engine.Parts.Device.Backend.Device.TotalMemory);

    /// <summary>What follows some of the options, and takes them over together.</summary>
    private sealed class Followed(IReadOnlyList<OptionEntry<HeliosOptions>> keys, HeliosOptions inForce)
    {
        private readonly Dictionary<OptionEntry<HeliosOptions>, string> refused = [];

        /// <summary>What the engine goes by, as far as <see cref="IsKnown"/>.</summary>
        public HeliosOptions InForce { get; set; } = inForce;

        public bool IsKnown { get; set; } = true;

        /// <summary>Notes that a key's value was refused; false when that was noted before: every reload asks for it again.</summary>
        public bool IsNewlyRefused(OptionEntry<HeliosOptions> key, HeliosOptions wanted)
        {
            var value = key.Show(wanted);
            if (refused.GetValueOrDefault(key) == value) return false;
            refused[key] = value;
            return true;
        }

        /// <summary>The keys whose last value was refused, with that value; none from here on.</summary>
        public List<KeyValuePair<OptionEntry<HeliosOptions>, string>> TakeRefused()
        {
            List<KeyValuePair<OptionEntry<HeliosOptions>, string>> taken = [.. refused];
            refused.Clear();
            return taken;
        }

        /// <summary>The keys whose values are new, or may be.</summary>
        public IReadOnlyList<OptionEntry<HeliosOptions>> ChangedIn(HeliosOptions wanted) => [.. keys.Where(key => !IsKnown || !key.IsSame(InForce, wanted))];
    }

    [LoggerMessage(21, LogLevel.Information, "{Key} is now {Value}")]
    private static partial void LogInForce(ILogger logger, string key, string value);

    [LoggerMessage(22, LogLevel.Error, "{Key} cannot be {Value}; the former value stays in force: {Reason}")]
    private static partial void LogRefused(ILogger logger, string key, string value, string reason);

    [LoggerMessage(25, LogLevel.Information, "{Key} was refused as {Refused}, and is valid again: it is {Value}")]
    private static partial void LogNoLongerRefused(ILogger logger, string key, string refused, string value);

    [LoggerMessage(23, LogLevel.Warning, "{Key} changed from {Before} to {After}; the engine applies the new value at its next start")]
    private static partial void LogMustWait(ILogger logger, string key, string before, string after);

    [LoggerMessage(24, LogLevel.Warning, "{Key} changed; the engine applies the new value at its next start")]
    private static partial void LogListMustWait(ILogger logger, string key);
}

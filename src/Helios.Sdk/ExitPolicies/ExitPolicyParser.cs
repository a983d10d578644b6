using System.Globalization;
using Helios.Sdk.Naming;

namespace Helios.Sdk.ExitPolicies;

/// <summary>
/// Finds the exit policy that a text names: <c>none</c>, or a name and a number behind a colon, with a least depth behind that
/// where one is wanted (<c>confidence:0.8,min=3</c>), or one of the application's own. Names have no case; <see cref="IExitPolicy.Name"/> of what is found is how it is written.
/// </summary>
internal static class ExitPolicyParser
{
    private const string Option = $"{nameof(HeliosOptions.Serving)}:{nameof(ServingOptions.ExitPolicy)}";
    private const string Probability = "a number from 0 to 1";
    private const string None = "none";
    private const string MinDepth = ",min=";

    private static readonly NumberedPolicy[] Numbered =
    [
        new("confidence", Probability, IsProbability, x => new ConfidencePolicy((float)x)),
        new("top1", Probability, IsProbability, x => new Top1Policy((float)x)),
        new("margin", Probability, IsProbability, x => new MarginPolicy((float)x)),
        new("entropy", "nats above 0, at most 100", x => x is > 0 and <= 100, x => new EntropyPolicy((float)x)),
        new("patience", "a whole number from 1 to 1000", x => x is >= 1 and <= 1000 && double.IsInteger(x), x => new PatiencePolicy((int)x)),
    ];

    /// <summary>Finds a policy.</summary>
    /// <param name="text">What configuration says, e.g. <c>confidence:0.8</c>.</param>
    /// <param name="own">The application's policies; one whose name is the whole text goes before a built-in one.</param>
    /// <exception cref="InvalidOptionException">No such policy, or its number is missing or out of range; the fault says what is known.</exception>
    public static IExitPolicy Parse(string text, IEnumerable<Func<IExitPolicy>>? own = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ownPolicies = own?.Select(create => create()).ToList() ?? [];
        Names.RefuseTwins(Option, NamesOf(ownPolicies));
        if (ownPolicies.Find(policy => Names.Same(policy.Name, text)) is { } found) return found;
        if (Names.Same(text, None)) return new NoExitPolicy();

        var end = text.IndexOf(MinDepth, StringComparison.OrdinalIgnoreCase);
        if (end < 0) return ParseNumbered(text, ownPolicies);
        if (!int.TryParse(text.AsSpan(end + MinDepth.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var depth) || depth < 1)
            throw Wrong(text, "a depth of at least 1 after min=", Known(ownPolicies));
        if (Names.Same(text[..end], None)) throw Wrong(text, "none without min: it has no exits to hold back", Known(ownPolicies));
        return new MinDepthPolicy(ParseNumbered(text[..end], ownPolicies), depth);
    }

    private static IExitPolicy ParseNumbered(string text, List<IExitPolicy> ownPolicies)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        if (Array.Find(Numbered, policy => Names.Same(policy.Name, name)) is not { } numbered)
            throw Wrong(text, "a known policy", $"{Known(ownPolicies)}{NearMiss.Ask(name, NamesOf(ownPolicies))}");
        if (colon < 0 || !double.TryParse(text.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !numbered.Accepts(number))
            throw Wrong(text, $"{numbered.Name}:<{numbered.Range}>", Known(ownPolicies));
        return numbered.Create(number);
    }

    private static bool IsProbability(double number) => number is >= 0 and <= 1;

    private static IEnumerable<string> NamesOf(IEnumerable<IExitPolicy> own) => own.Select(policy => policy.Name).Append(None).Concat(Numbered.Select(policy => policy.Name));

    private static string Known(IEnumerable<IExitPolicy> own)
    {
        var known = Numbered.Select(policy => $"{policy.Name}:<{policy.Range}>").Prepend(None).Concat(own.Select(policy => policy.Name));
        return $"Known are: {string.Join(", ", known)}; all but none take an optional {MinDepth}<depth>.";
    }

    private static InvalidOptionException Wrong(string text, string expected, string note) => new(new OptionFault(Option, $"'{text}'", expected) { Note = note });

    private sealed record NumberedPolicy(string Name, string Range, Func<double, bool> Accepts, Func<double, IExitPolicy> Create);
}

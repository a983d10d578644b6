using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Helios.Testing;

/// <summary>Cultures that write numbers in another way than the invariant one.</summary>
internal static class Cultures
{
    /// <summary>Decimal comma.</summary>
    public const string German = "de-DE";

    /// <summary>Decimal comma, and U+2212 for minus.</summary>
    public const string Swedish = "sv-SE";

    /// <summary>A culture; where the machine has no ICU, one that writes numbers like it.</summary>
    public static CultureInfo Get(string name)
    {
        try
        {
            return CultureInfo.GetCultureInfo(name);
        }
        catch (CultureNotFoundException)
        {
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            culture.NumberFormat.NumberDecimalSeparator = ",";
            culture.NumberFormat.NumberGroupSeparator = ".";
            culture.NumberFormat.PercentDecimalSeparator = ",";
            if (name == Swedish) culture.NumberFormat.NegativeSign = "\u2212";
            return culture;
        }
    }

    /// <summary>Runs what follows, tasks and threads that it starts included, in a culture until disposed.</summary>
    public static IDisposable Use(string name)
    {
        var former = new Former(CultureInfo.CurrentCulture);
        CultureInfo.CurrentCulture = Get(name);
        return former;
    }

    /// <summary><c>HELIOS_TEST_CULTURE=sv-SE</c>: all tests of an assembly in that culture.</summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The tests are no library.")]
    internal static void UseThatOfTheEnvironment()
    {
        if (Environment.GetEnvironmentVariable("HELIOS_TEST_CULTURE") is not { Length: > 0 } name) return;
        CultureInfo.DefaultThreadCurrentCulture = Get(name);
        CultureInfo.CurrentCulture = Get(name);
    }

    private sealed class Former(CultureInfo culture) : IDisposable
    {
        public void Dispose() => CultureInfo.CurrentCulture = culture;
    }
}

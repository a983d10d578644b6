using System.CommandLine;

namespace Helios.Cli.Options;

/// <summary><c>--temperature</c>, of every command that generates.</summary>
internal static class TemperatureOption
{
    public static Option<float?> Create()
    {
        var option = new Option<float?>("--temperature") { Description = "0 takes the most likely token, above 0 samples; the model's default if not given.", HelpName = "X" };
        option.MustBe(value => value >= 0 && float.IsFinite(value), "a finite number of at least 0");
        return option;
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;

namespace Helios.Cli.Options;

/// <summary>Checks of option values that are made while parsing.</summary>
internal static class Checks
{
    /// <summary>Refuses values out of range; an option that was not given is left alone.</summary>
    public static void MustBe<T>(this Option<T?> option, Func<T, bool> accepts, string expected)
        where T : struct => option.Validators.Add(result =>
        {
            if (TryRead<T?>(result) is { } value && !accepts(value)) result.AddError(Invariant($"{option.Name} is {value}; expected {expected}."));
        });

    /// <inheritdoc cref="MustBe{T}(Option{T?}, Func{T, bool}, string)"/>
    public static void MustBe<T>(this Option<T> option, Func<T, bool> accepts, string expected)
        where T : struct => option.Validators.Add(result =>
        {
            if (TryRead<T?>(result) is { } value && !accepts(value)) result.AddError(Invariant($"{option.Name} is {value}; expected {expected}."));
        });

    /// <summary>Refuses a command line that gives none or more than one of some options.</summary>
    public static void ExactlyOneOf(this Command command, params Option[] options) => command.Validators.Add(result =>
    {
        if (options.Count(option => result.GetResult(option) is { Implicit: false }) != 1)
            result.AddError($"Give exactly one of {string.Join(", ", options.Select(option => option.Name))}.");
    });

    /// <summary>The value; the default of its type where it could not be converted, which the parser says itself.</summary>
    private static T? TryRead<T>(OptionResult result)
    {
        try
        {
            return result.GetValueOrDefault<T>();
        }
        catch (InvalidOperationException)
        {
            return default;
        }
    }
}

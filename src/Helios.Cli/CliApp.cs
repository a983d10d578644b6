using System.CommandLine;
using Helios.Cli.Commands;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Sdk;
using Helios.Sdk.Naming;

namespace Helios.Cli;

/// <summary>The <c>helios</c> command: parses, runs, and turns what goes wrong into one line and an exit code.</summary>
internal static class CliApp
{
    /// <summary>Longest wait for a command to end by itself after Ctrl+C.</summary>
    private static readonly TimeSpan CancellationTimeout = TimeSpan.FromSeconds(10);

    public static Task<int> RunAsync(IReadOnlyList<string> args, TextWriter stdout, TextWriter stderr, CancellationToken cancellationToken = default) =>
        RunAsync(CreateRoot, args, stdout, stderr, cancellationToken);

    /// <summary>The same for other commands.</summary>
    public static async Task<int> RunAsync(Func<GlobalOptions, RootCommand> create, IReadOnlyList<string> args, TextWriter stdout, TextWriter stderr, CancellationToken cancellationToken)
    {
        var global = new GlobalOptions();
        var root = create(global);
        global.AddTo(root);
        Numbers.ReadStrictly(root);

        // An argument that starts with '@' is text like any other.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });
        if (parsed.Errors.Count > 0)
        {
            await stderr.WriteLineAsync(ErrorLine.Of(Explain(parsed))).ConfigureAwait(false);
            return ExitCode.BadUsage;
        }

        var configuration = new InvocationConfiguration
        {
            Output = stdout,
            Error = stderr,
            EnableDefaultExceptionHandler = false,

            // A chat has a use of its own for Ctrl+C.
            ProcessTerminationTimeout = parsed.CommandResult.Command is ChatCommand ? null : CancellationTimeout,
        };
        try
        {
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            if (global.IsVerbose(parsed)) await stderr.WriteLineAsync(error.ToString()).ConfigureAwait(false);
            var (message, code) = Explain(error);
            await stderr.WriteLineAsync(ErrorLine.Of(message)).ConfigureAwait(false);
            return code;
        }
    }

    /// <summary>The commands of <c>helios</c>, without the options of all of them.</summary>
    public static RootCommand CreateRoot(GlobalOptions global) => new("Inspect, score and serve early-exit language models.")
    {
        new PullCommand(global),
        new InspectCommand(global),
        new TokenizeCommand(global),
        new TemplateCommand(global),
        new ScoreCommand(global),
        new GenerateCommand(global),
        new ChatCommand(global),
        new RunCommand(global),
        new ProfileCommand(global),
        new CertifyCommand(global),
        new SimulateCommand(global),
        new BenchCommand(global),
        new DoctorCommand(global),
    };

    /// <summary>What the parser found wrong, and for words that it does not know what may have been meant.</summary>
    private static string Explain(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var everywhere = parsed.RootCommandResult.Command.Options.Where(option => option.Recursive);
        var known = command.Options.Concat(everywhere).Select(option => option.Name).Concat(command.Subcommands.Where(inner => !inner.Hidden).Select(inner => inner.Name)).ToList();
        return string.Join(' ', parsed.Errors.Select(error => Explain(error.Message))) + string.Concat(parsed.UnmatchedTokens.Select(word => NearMiss.Ask(word, known)));
    }

    private static (string Message, int Code) Explain(Exception error) => error switch
    {
        OperationCanceledException => ("Cancelled.", ExitCode.Failed),
        InvalidOptionException { Faults: [{ Path.Option: nameof(HeliosOptions.MemoryBudgetBytes) }] } tooLittle => (EngineOptions.Describe(tooLittle), ExitCode.Failed),
        ArgumentException wrong => (EngineOptions.Describe(wrong), ExitCode.BadUsage),
        PlatformNotSupportedException => (error.Message, ExitCode.Failed),
        UsageException or NotSupportedException => (error.Message, ExitCode.BadUsage),
        FileException or CheckpointException or HeliosException or IOException or UnauthorizedAccessException => (error.Message, ExitCode.Failed),
        _ => ($"Unexpected {error.GetType().Name}: {error.Message} (--verbose prints the stack trace)", ExitCode.Failed),
    };

    /// <summary>What the parser says, and where to look.</summary>
    private static string Explain(string message) =>
        message.StartsWith("Required command", StringComparison.Ordinal) ? $"{message} --help lists the commands." : message;
}

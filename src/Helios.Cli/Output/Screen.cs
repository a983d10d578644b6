using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Helios.Cli.Options;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Helios.Cli.Output;

/// <summary>Where a command prints: JSON alone or tables for people on standard output, remarks on standard error.</summary>
internal sealed class Screen
{
    private readonly TextWriter output;
    private readonly IAnsiConsole people;
    private readonly IAnsiConsole remarks;

    private Screen(TextWriter output, TextWriter error, bool json)
    {
        this.output = output;
        people = ConsoleOn(output);
        remarks = ConsoleOn(error);
        IsJson = json;
    }

    public bool IsJson { get; }

    public static Screen Of(ParseResult parsed, GlobalOptions global) =>
        new(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, global.IsJson(parsed));

    /// <summary>One document on a line of its own, written out at once.</summary>
    public void Json<T>(T value, JsonTypeInfo<T> type)
    {
        output.WriteLine(JsonSerializer.Serialize(value, type));
        output.Flush();
    }

    /// <summary>Something for people on standard output.</summary>
    public void Show(IRenderable shown)
    {
        people.Write(shown);
        output.Flush();
    }

    /// <summary>A line for people on standard output.</summary>
    public void ShowLine(string markup)
    {
        people.MarkupLine(markup);
        output.Flush();
    }

    /// <summary>Text as it is on standard output, written out at once.</summary>
    public void Text(string text)
    {
        output.Write(text);
        output.Flush();
    }

    /// <summary>A piece of an answer, in a colour that says how deep its token ran: from green to red on a terminal, plain text anywhere else.</summary>
    /// <param name="text">The piece.</param>
    /// <param name="depth">Layers that ran.</param>
    /// <param name="layers">Layers of the model.</param>
    public void Piece(string text, int depth, int layers)
    {
        if (!people.Profile.Capabilities.Ansi || text.Length == 0)
        {
            Text(text);
            return;
        }

        var share = Math.Clamp((double)depth / layers, 0, 1);
        people.Write(new Text(text, new Style(new Color((byte)(90 + 150 * share), (byte)(220 - 90 * share), 120))));
        output.Flush();
    }

    /// <summary>Asks for a line, where a person sits at a terminal.</summary>
    public void Prompt(string text)
    {
        if (people.Profile.Capabilities.Ansi && !Console.IsInputRedirected) Text(text);
    }

    /// <summary>A remark beside the result, on standard error.</summary>
    public void Remark(string text) => remarks.MarkupLine($"[grey]{Markup.Escape(text)}[/]");

    /// <summary>Colours and the width of the window on a terminal; plain text that is not broken into lines anywhere else.</summary>
    private static IAnsiConsole ConsoleOn(TextWriter writer)
    {
        var output = new AnsiConsoleOutput(writer);
        if (output.IsTerminal) return AnsiConsole.Create(new AnsiConsoleSettings { Out = output });
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = output, Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = int.MaxValue / 2;
        return console;
    }
}

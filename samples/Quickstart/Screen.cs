using Spectre.Console;
using Spectre.Console.Rendering;

namespace Quickstart;

/// <summary>Writes to a terminal, with colours and live progress, or to a file or a pipe, as plain lines.</summary>
internal sealed class Screen
{
    private const int Widest = 100;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly IAnsiConsole console;

    private Screen(IAnsiConsole console) => this.console = console;

    public int Width => console.Profile.Width;

    private bool IsLive => console.Profile.Capabilities.Ansi;

    /// <summary>The console of this process.</summary>
    public static Screen Open()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        });
        console.Profile.Width = Math.Min(console.Profile.Width, Widest);
        return new Screen(console);
    }

    /// <summary>Begins a chapter.</summary>
    public void Title(string text)
    {
        console.WriteLine();
        console.Write(new Rule(text.EscapeMarkup()) { Justification = Justify.Left });
    }

    /// <summary>Writes a text with a name in front of it, wrapped under itself.</summary>
    /// <param name="name">Name.</param>
    /// <param name="markup">Text, with Spectre's markup.</param>
    /// <param name="color">Colour of the name.</param>
    public void Say(string name, string markup, Color? color = null) => console.Write(new Grid()
        .AddColumn(new GridColumn().Width(10).NoWrap().Padding(2, 0, 1, 0))
        .AddColumn(new GridColumn().PadRight(0))
        .AddRow(new Text(name, color ?? Color.Grey), new Markup(markup)));

    public void Write(IRenderable what) => console.Write(what);

    /// <summary>Writes text as it is; the cursor stays behind it.</summary>
    public void Type(string text, Style style) => console.Write(text, style);

    /// <summary>Waits for work, and shows how far it is where that can be shown.</summary>
    /// <param name="title">What is done.</param>
    /// <param name="work">The work.</param>
    /// <param name="done">Share of it that is done, 0..1.</param>
    /// <param name="tick">Called every now and then; may write.</param>
    public async Task<T> WaitAsync<T>(string title, Task<T> work, Func<double> done, Action? tick = null)
    {
        if (!IsLive) return await WaitAsync(work, tick);
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context =>
            {
                var progress = context.AddTask(title.EscapeMarkup(), maxValue: 1);
                return WaitAsync(work, () =>
                {
                    tick?.Invoke();
                    progress.Value = done();
                });
            });
    }

    private static async Task<T> WaitAsync<T>(Task<T> work, Action? tick)
    {
        while (await Task.WhenAny(work, Task.Delay(Tick)) != work) tick?.Invoke();
        return await work;
    }
}

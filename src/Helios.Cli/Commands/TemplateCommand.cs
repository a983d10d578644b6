using System.CommandLine;
using System.Globalization;
using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk;
using Helios.Sdk.Tokenization;

namespace Helios.Cli.Commands;

/// <summary><c>helios template</c>: conversations as the model's chat template writes them.</summary>
internal sealed class TemplateCommand : Command
{
    private const string DateForm = "yyyy-MM-dd";

    private readonly Argument<string> model = new("MODEL") { Description = "Folder with tokenizer files, a GGUF file, or a .jinja file." };
    private readonly Option<string> file = new("--file") { Description = "A conversation as .json, or one a line as .jsonl: messages, tools, kwargs, addGenerationPrompt.", HelpName = "C", Required = true };
    private readonly Option<string?> date = new("--date") { Description = "The day that the template takes for today; today by default.", HelpName = DateForm };

    public TemplateCommand(GlobalOptions global)
        : base("template", "Render conversations, tools included, by a model's chat template.")
    {
        Add(model);
        Add(file);
        Add(date);
        date.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } day && !TryRead(day, out _)) result.AddError($"{date.Name} is {day}; expected a day such as 2026-01-02.");
        });
        SetAction((parsed, cancellationToken) => Task.FromResult(Run(Screen.Of(parsed, global), parsed, cancellationToken)));
    }

    private int Run(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var path = parsed.GetRequiredValue(model);
        var template = ChatTemplateRenderer.Load(path);
        var tokenizer = Directory.Exists(path) || ModelArgument.IsGguf(path) ? ModelTokenizer.TryLoad(path) : null;
        DateTimeOffset? now = parsed.GetValue(date) is { } day && TryRead(day, out var at) ? at : null;
        RenderedText Render(ChatTemplateInput conversation)
        {
            var chat = template.Render(conversation, now, cancellationToken);
            return new RenderedText(chat.Text, tokenizer?.Encode(chat.Text, chat.Verbatim, addSpecialTokens: false));
        }

        var conversations = parsed.GetRequiredValue(file);
        if (ConversationFile.HoldsLines(conversations)) PrintAll(screen, ConversationFile.ReadLines(conversations), Render, cancellationToken);
        else Print(screen, Try(() => Render(ConversationFile.Read(conversations)), out var refused) ?? throw new FileException(refused!));
        return ExitCode.Done;
    }

    /// <summary>One line for each, in order: a conversation that is refused does not keep the next ones from being rendered.</summary>
    private static void PrintAll(Screen screen, IEnumerable<Func<ChatTemplateInput>> lines, Func<ChatTemplateInput, RenderedText> render, CancellationToken cancellationToken)
    {
        foreach (var read in lines)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Try(() => render(read()), out var refused) is { } rendered) Print(screen, rendered);
            else if (screen.IsJson) screen.Json(new NotRendered(refused!), CliJson.Lines.NotRendered);
            else screen.Text(ErrorLine.Of(refused!) + Environment.NewLine);
        }
    }

    private static RenderedText? Try(Func<RenderedText> render, out string? refused)
    {
        refused = null;
        try
        {
            return render();
        }
        catch (Exception error) when (error is ChatTemplateException or ArgumentException or FileException)
        {
            refused = error.Message;
            return null;
        }
    }

    private static void Print(Screen screen, RenderedText rendered)
    {
        if (screen.IsJson) screen.Json(rendered, CliJson.Lines.RenderedText);
        else screen.Text(rendered.Text + Environment.NewLine);
    }

    private static bool TryRead(string day, out DateTimeOffset at) =>
        DateTimeOffset.TryParseExact(day, DateForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out at);
}

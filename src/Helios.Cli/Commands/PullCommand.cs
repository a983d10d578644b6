using System.CommandLine;
using Helios.Cli.Errors;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk.Models;

namespace Helios.Cli.Commands;

/// <summary><c>helios pull</c>: the files that a model needs, from the Hugging Face Hub.</summary>
internal sealed class PullCommand : Command
{
    private readonly Argument<string> id = new("ID") { Description = "Model of the Hugging Face Hub: org/name or org/name@revision." };
    private readonly Option<string?> endpoint = new("--endpoint") { Description = "Address of the Hub; HF_ENDPOINT or https://huggingface.co by default.", HelpName = "URL" };
    private readonly Option<string?> to = new("--to") { Description = "Folder to write plain files to; the cache of Hugging Face by default (HF_HOME).", HelpName = "DIR" };
    private readonly Option<string?> file = new("--file") { Description = "GGUF file of the repository: its name or a part of it, such as Q4_K_M.", HelpName = "NAME" };

    public PullCommand(GlobalOptions global)
        : base("pull", "Pull a model from the Hugging Face Hub; HF_TOKEN gives access to gated models.")
    {
        Add(id);
        Add(endpoint);
        Add(to);
        Add(file);
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = new PullOptions { Endpoint = AddressOf(parsed.GetValue(endpoint)), To = parsed.GetValue(to), File = parsed.GetValue(file) };
        var pulled = await HeliosModels.PullAsync(parsed.GetRequiredValue(id), options, screen.IsJson ? null : new Remarks(screen), cancellationToken).ConfigureAwait(false);
        if (screen.IsJson) screen.Json(new Pulled(pulled.Path, pulled.Commit, pulled.Files, pulled.Bytes), CliJson.Lines.Pulled);
        else screen.Text(Invariant($"{pulled.Path}{Environment.NewLine}"));
        if (!screen.IsJson) screen.Remark(Invariant($"{pulled.Files} files, {Units.Bytes(pulled.Bytes)}, commit {pulled.Commit}"));
        return ExitCode.Done;
    }

    private static Uri? AddressOf(string? text) =>
        text is null ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address
        : throw new UsageException($"--endpoint is '{text}'; expected an address that starts with https:// or http://.");

    /// <summary>A line for each file, and for each tenth of the whole.</summary>
    private sealed class Remarks(Screen screen) : IProgress<PullProgress>
    {
        private (string File, long Tenth) last;

        public void Report(PullProgress value)
        {
            var tenth = value.TotalBytes == 0 ? 0 : (long)((Int128)value.Bytes * 10 / value.TotalBytes);
            if (last == (value.File, tenth)) return;
            last = (value.File, tenth);
            screen.Remark($"{value.File}: {Units.Bytes(value.Bytes)} of {Units.Bytes(value.TotalBytes)}");
        }
    }
}

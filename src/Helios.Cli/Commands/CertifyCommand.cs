using System.Collections.Immutable;
using System.CommandLine;
using Helios.Cli.Engines;
using Helios.Cli.Errors;
using Helios.Cli.Files;
using Helios.Cli.Options;
using Helios.Cli.Output;
using Helios.Cli.Results;
using Helios.Sdk;
using Helios.Sdk.Lab;
using Helios.Sdk.Models;
using Helios.Sdk.Tokenization;

namespace Helios.Cli.Commands;

/// <summary><c>helios certify</c>: which depths or exit policies keep a promise about their tokens.</summary>
internal sealed class CertifyCommand : Command
{
    private readonly Argument<string> model = ModelArgument.Create();
    private readonly Option<string> texts = new("--texts") { Description = "The calibration set: texts like the expected requests, as .jsonl, .json or plain text split at blank lines.", HelpName = "F", Required = true };
    private readonly Option<double> maxDisagreement = new("--max-disagreement") { Description = "Maximum share of tokens that may differ from those of the full depth.", HelpName = "X", DefaultValueFactory = _ => 0.02 };
    private readonly Option<double> confidence = new("--confidence") { Description = "Probability with which the certificate holds.", HelpName = "X", DefaultValueFactory = _ => 0.95 };
    private readonly Option<ImmutableArray<int>?> depths = CountList.Option("--depths", "Depths, from the deepest to the shallowest; the exits by default.", "10,8,6");
    private readonly Option<string[]> policies = new("--policies")
    {
        Description = "Exit policies instead of depths, from the safest to the least safe, separated by spaces: top1:0.95 top1:0.9.",
        HelpName = "P",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int?> depth = new("--depth") { Description = "Depth at which the policies are served; all layers by default.", HelpName = "E" };
    private readonly Option<int> maxTokens = new("--max-tokens") { Description = "Tokens of a request that are counted and certified.", HelpName = "N", DefaultValueFactory = _ => 256 };
    private readonly Option<string?> output = new("--out") { Description = "File for the certificate; if no point qualifies, an existing file is removed.", HelpName = "F.json" };
    private readonly DeviceOptions device = new();

    public CertifyCommand(GlobalOptions global)
        : base("certify", "Certify depths or exit policies: at most 2 % of tokens differ from full depth, with 95 % confidence, for traffic like some texts.")
    {
        Add(model);
        foreach (var option in (Option[])[texts, maxDisagreement, confidence, depths, policies, depth, maxTokens, output]) Add(option);
        device.AddTo(this);
        maxDisagreement.MustBe(value => value is > 0 and < 1, "a number between 0 and 1");
        confidence.MustBe(value => value is > 0 and < 1, "a number between 0 and 1");
        depth.MustBe(value => value >= 1, "at least 1");
        maxTokens.MustBe(value => value >= 1, "at least 1");
        Validators.Add(result =>
        {
            var byPolicy = result.GetResult(policies) is not null;
            if (byPolicy && result.GetResult(depths) is not null) result.AddError("Give --depths or --policies, not both.");
            if (!byPolicy && result.GetResult(depth) is not null) result.AddError("--depth is the depth of --policies; give --depths to certify depths.");
        });
        SetAction((parsed, cancellationToken) => RunAsync(Screen.Of(parsed, global), parsed, cancellationToken));
    }

    private async Task<int> RunAsync(Screen screen, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(output) is { } file) CertificateFile.EnsureReplaceable(file);
        var read = TextFile.Read(parsed.GetRequiredValue(texts));

        // One layer is loaded to serve; scoring brings the others in one by one, and replays load what they need.
        var engine = SingleModel.Start(device.Read(parsed), parsed.GetRequiredValue(model), options => options.Adaptation.FixedDepth = 1);
        await using (engine.ConfigureAwait(false))
        {
            await EngineStart.WaitAsync(engine, cancellationToken).ConfigureAwait(false);
            var info = SingleModel.ModelOf(engine).Info;
            var tokenizer = engine.TokenizerOf(info.Name);
            var report = await engine.Lab.CertifyAsync(
                new CertificationRequest
                {
                    Model = info.Name,
                    Texts = [.. read.Select(text => tokenizer.Encode(text)).Where(ids => ids.Count > 0).Select(ids => new CalibrationText(ids))],
                    MaxDisagreement = parsed.GetValue(maxDisagreement),
                    Confidence = parsed.GetValue(confidence),
                    MaxTokensPerRequest = parsed.GetValue(maxTokens),
                    Points = PointsOf(parsed, info),
                },
                cancellationToken).ConfigureAwait(false);

            if (parsed.GetValue(output) is { } path) Write(report.Certificate, path);
            if (screen.IsJson) screen.Json(Certified.Of(report), CliJson.Lines.Certified);
            else Show(screen, report);
        }

        return ExitCode.Done;
    }

    /// <summary>Where nothing qualifies, a certificate of a former run must not pass for one of this.</summary>
    private static void Write(RiskCertificate? certificate, string path)
    {
        CertificateFile.EnsureReplaceable(path);
        if (certificate is not null) CertificateFile.Save(certificate, path);
        else File.Delete(path);
    }

    private List<CertificationPoint>? PointsOf(ParseResult parsed, CheckpointInfo info)
    {
        if (parsed.GetValue(policies) is { Length: > 0 } named)
            return [.. named.Select(policy => new CertificationPoint(parsed.GetValue(depth) ?? info.Architecture.Layers, policy))];
        return parsed.GetValue(depths) is { } given ? [.. given.Select(each => new CertificationPoint(each))] : null;
    }

    private static void Show(Screen screen, CertificationReport report)
    {
        screen.Show(ResultTables.Of(report));
        screen.ShowLine(Spectre.Console.Markup.Escape(report.Verdict));
    }
}

using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Candidates;
using Helios.Sdk.Adaptation.Journal;
using Helios.Sdk.Adaptation.Telemetry;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Energy;

namespace Helios.Sdk.Adaptation.Repository;

/// <summary>
/// What an engine learns of its candidates, kept in a file from one run to the next: a model repository of the engine's own,
/// of live traffic. It serves the start and never stops it: a repository that holds what it must not is ignored with a warning and
/// replaced by the next write. A file that is no repository is left alone. Belongs to the adaptation loop.
/// </summary>
internal sealed class ProfileStore
{
    /// <summary>Models kept that are not candidates now: those added to last.</summary>
    private const int MostOthers = 16;

    private readonly StoreSettings settings;
    private readonly AdaptationJournal journal;
    private readonly EvidenceAge age;
    private readonly Dictionary<long, (long Number, DateTimeOffset At)> texts = [];
    private ModelRepository known;
    private long nextNumber;

    /// <summary>Opens the store.</summary>
    /// <param name="settings">Where it is, and what it is about.</param>
    /// <param name="journal">Records what goes wrong.</param>
    public ProfileStore(StoreSettings settings, AdaptationJournal journal)
    {
        this.settings = settings;
        this.journal = journal;
        age = new EvidenceAge(settings.MaxAge);
        known = Renumber(Read());
        nextNumber = NumbersOf(known).Count;
    }

    /// <summary>Lengths of a usual request of the former run; null when there was none.</summary>
    public UsualRequest? Usual => known.Usual;

    /// <summary>Texts of which it knows the number.</summary>
    public int Texts => texts.Count;

    /// <summary>
    /// Gives a candidate back what was known of it. Costs come as they are; calibration and evidence weigh less with age, and
    /// evidence counts only if it was gathered at the same exits.
    /// </summary>
    public void Restore(Candidate candidate)
    {
        if (known.Find(KeyOf(candidate)) is not { } record) return;
        var requests = record.Depths.SequenceEqual(candidate.Depths) ? age.Keep(record.Requests, journal.Now) : [];
        foreach (var request in requests) texts[IdOf(request)] = (request.Evidence.Text, request.At);
        candidate.Restore(record, age.Weight(record.At, journal.Now), requests.Select(request => request.Evidence with { Text = IdOf(request) }));
    }

    /// <summary>Writes what is known of the candidates, over what the store knew of them; others stay.</summary>
    public void Save(IReadOnlyList<Candidate> candidates, UsualLengths lengths)
    {
        var records = candidates.Select(Describe).OfType<ModelRecord>().ToList();
        var others = known.Models
            .Where(model => !records.Exists(record => record.Key == model.Key))
            .OrderByDescending(model => model.At)
            .Take(MostOthers);
        known = new ModelRepository([.. records, .. others], lengths.Seen ? new UsualRequest(lengths.Prompt, lengths.Total) : known.Usual);
        ForgetTexts();
        try
        {
            RepositoryFile.Write(settings.Path, known);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            journal.StoreFailed("written", settings.Path, error.Message);
        }
    }

    private ModelKey KeyOf(Candidate candidate) => settings.Site.KeyOf(candidate.Model.Info);

    /// <summary>Below 0, where no live request is.</summary>
    private static long IdOf(ScoredRequest request) => -1 - request.Evidence.Text;

    private ModelRecord? Describe(Candidate candidate)
    {
        var record = candidate.Describe(KeyOf(candidate), journal.Now);
        if (!record.Costs.IsMeasured && record.Requests.IsEmpty) return null;
        return record with { Watts = settings.Energy?.MeasureWatts() ?? candidate.FormerWatts, Requests = [.. record.Requests.Select(Number)] };
    }

    /// <summary>A text keeps its number and its time from its first write on, in whichever run.</summary>
    private ScoredRequest Number(ScoredRequest request)
    {
        if (!texts.TryGetValue(request.Evidence.Text, out var text)) texts[request.Evidence.Text] = text = (nextNumber++, request.At);
        return new ScoredRequest(text.At, request.Evidence with { Text = text.Number });
    }

    /// <summary>Of a text that no record rests on any more no model will ask.</summary>
    private void ForgetTexts()
    {
        var held = NumbersOf(known);
        foreach (var (id, text) in texts)
        {
            if (!held.Contains(text.Number)) texts.Remove(id);
        }
    }

    private static HashSet<long> NumbersOf(ModelRepository repository) =>
        [.. repository.Models.SelectMany(model => model.Requests).Select(request => request.Evidence.Text)];

    /// <summary>The same with texts numbered from 0 on, so that numbers do not grow from run to run.</summary>
    private static ModelRepository Renumber(ModelRepository repository)
    {
        var numbers = NumbersOf(repository).Order().Select((text, number) => (text, number)).ToDictionary(pair => pair.text, pair => (long)pair.number);
        ScoredRequest Numbered(ScoredRequest request) => request with { Evidence = request.Evidence with { Text = numbers[request.Evidence.Text] } };
        return repository with { Models = [.. repository.Models.Select(model => model with { Requests = [.. model.Requests.Select(Numbered)] })] };
    }

    private ModelRepository Read()
    {
        if (!File.Exists(settings.Path) || WholeFile.IsEmpty(settings.Path)) return ModelRepository.Empty;
        try
        {
            return RepositoryFile.Read(settings.Path);
        }
        catch (CheckpointException error)
        {
            journal.StoreFailed("read", settings.Path, error.Message);
            return ModelRepository.Empty;
        }
    }
}

/// <summary>Where profiles are kept, and what they are about.</summary>
/// <param name="Path">The file.</param>
/// <param name="Site">What is measured on.</param>
/// <param name="MaxAge">Age at which evidence is dropped.</param>
internal sealed record StoreSettings(string Path, MeasuredOn Site, TimeSpan MaxAge)
{
    /// <summary>Measures what the device draws while it computes; null when nothing does.</summary>
    public EnergyGauge? Energy { get; init; }
}
